//! The form of the pages: valid links, a short README, and a common structure of pages.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Page, pages, root};

/// Returns the anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

fn anchors(page: &Page) -> Vec<String> {
    page.prose().iter().filter(|line| line.starts_with('#')).map(|line| anchor(line)).collect()
}

/// Returns the link targets of a page, except other sites.
fn links(page: &Page) -> Vec<String> {
    let text = page.prose().join("\n");
    text.split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .filter(|target| !target.contains("://"))
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut all = pages();
    for path in ["ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md"] {
        all.push(Page::read(Path::new(path)));
    }
    let known: BTreeMap<_, _> =
        all.iter().map(|page| (root().join(&page.path), anchors(page))).collect();
    let mut seen = 0;
    for page in &all {
        let here = root().join(&page.path);
        for link in links(page) {
            let (file, part) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => here.clone(),
                _ => here.parent().expect("a folder").join(file),
            };
            let target = target.canonicalize();
            let target = target.unwrap_or_else(|error| panic!("{}: {link}: {error}", page.path));
            if !part.is_empty() {
                let there = known.get(&target).is_some_and(|parts| parts.iter().any(|p| p == part));
                assert!(there, "{}: {link} names no heading", page.path);
            }
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} links");
}

#[test]
fn the_readme_is_short_and_leads_to_every_page() {
    let all = pages();
    let (readme, docs) = all.split_first().expect("a README");
    assert!(readme.text.lines().count() <= 150, "{} lines", readme.text.lines().count());
    for line in readme.text.lines() {
        assert!(line.chars().count() <= 120, "{} columns: {line}", line.chars().count());
    }
    let links = links(readme);
    for page in docs {
        assert!(links.contains(&page.path), "the README has no link to {}", page.path);
    }
}

#[test]
fn every_page_says_whom_it_is_for_and_what_to_do_when_it_goes_wrong() {
    for page in pages().iter().skip(1) {
        let first = page.text.lines().nth(2).unwrap_or_default();
        assert!(first.starts_with("This page is for "), "{}: {first}", page.path);
        assert!(page.text.contains("\n## When it goes wrong\n"), "{}", page.path);
        for block in page.blocks() {
            assert!(!block.language.is_empty(), "{}:{}: no language", page.path, block.line);
        }
    }
}
