//! What `config check` and the start make of values that are accepted one by one and cannot work,
//! or are unsafe.

use std::fs;

use crate::support::{Ctl, Server};

const EXAMPLE: &str = include_str!("../../../config.toml.example");

/// The keys of the example that name a file with certificates of authorities, with their sections.
fn authorities() -> Vec<(String, String)> {
    let (mut section, mut found) = (String::new(), Vec::new());
    for line in EXAMPLE.lines() {
        let line = line.trim_start_matches("# ");
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            name.clone_into(&mut section);
        }
        if let Some((key, _)) = line.split_once(" = ")
            && key.ends_with("_ca")
        {
            found.push((section.clone(), key.to_owned()));
        }
    }
    found
}

#[test]
fn a_file_of_authorities_must_be_there_and_have_certificates() {
    let home = tempfile::tempdir().unwrap();
    let ctl = Ctl::at(&home.path().join("data"));
    let all = authorities();
    assert_eq!(all.len(), 7, "{all:?}");
    for (section, key) in all {
        let file = home.path().join(format!("{section}-{key}.pem"));
        let variable = format!("{}__{}", section.replace('.', "__"), key).to_uppercase();
        let ctl = ctl.clone().set(&variable, file.to_str().unwrap());
        for why in ["No such file", "it contains no certificate"] {
            let told =
                format!("1 problem in the configuration:\n  [{section}] {key} cannot be used: ");
            let said = ctl.run(&["config", "check"]);
            assert!(said.ends(6).err.contains(&told) && said.err.contains(why), "{said:?}");
            let said = ctl.run(&["serve", "--listen", "127.0.0.1:0"]);
            assert!(said.ends(2).err.contains(&told) && said.err.contains(why), "{said:?}");
            fs::write(&file, "no PEM").unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_unsafe_is_told_by_the_check_and_at_the_start() {
    let settings = [
        // Reserved for documentation: nobody answers.
        ("LDAP__URL", "ldap://192.0.2.1"),
        ("LDAP__BASE", "dc=example,dc=org"),
        ("SERVER__TRUSTED_PROXIES", "0.0.0.0/0"),
    ];
    let server = Server::start_with(&settings).await;
    let told = "passwords are sent to ldap://192.0.2.1 without encryption";
    server.wait_for_log(&["[WARN]", told]).await;
    server.wait_for_log(&["[WARN]", "trusted_proxies contains 0.0.0.0/0"]).await;
    let ctl = settings.iter().fold(Ctl::of(&server), |ctl, (key, value)| ctl.set(key, value));
    let said = ctl.run(&["config", "check"]);
    assert!(said.ends(0).err.contains(&format!("warning: {told}")), "{said:?}");
    let said = ctl.set("LDAP__STARTTLS", "true").run(&["config", "check"]);
    assert!(!said.ends(0).err.contains(told), "{said:?}");
}

#[test]
fn a_section_that_is_there_twice_is_named_with_its_lines() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config.toml");
    fs::write(&file, format!("{EXAMPLE}\n[server]\nname = \"Pier\"\n")).unwrap();
    let first = EXAMPLE.lines().position(|line| line == "[server]").unwrap() + 1;
    let second = EXAMPLE.lines().count() + 2;
    let ctl = Ctl::at(&home.path().join("data")).set("CONFIG", file.to_str().unwrap());
    let told = format!("section [server] is there twice, in lines {first} and {second}");
    ctl.run(&["config", "check"]).fails(6, &told);
    ctl.run(&["serve"]).fails(2, &told);
}
