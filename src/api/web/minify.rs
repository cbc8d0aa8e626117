//! Removes indentation, and comments on lines of their own, from scripts and styles: a quarter of
//! the compressed size.
//!
//! Line breaks are kept, so that errors in browsers have the line number of the file. In `assets/`
//! no line of a string begins with spaces or something that looks like a comment
//! (`tests/web/assets.test.js`).

/// Minifies a script or style; other files are returned unchanged.
pub(super) fn minify(name: &str, text: &[u8]) -> Vec<u8> {
    if ![".js", ".css"].iter().any(|ending| name.ends_with(ending)) {
        return text.to_vec();
    }
    let mut result = Vec::with_capacity(text.len());
    let mut inside = false;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let bare = line.trim_ascii();
        let comment = if inside {
            inside = !bare.ends_with(b"*/");
            true
        } else if bare.starts_with(b"/*") {
            inside = !bare.windows(2).skip(2).any(|pair| pair == b"*/");
            inside || ends_as_comment(bare)
        } else {
            bare.starts_with(b"//")
        };
        if comment {
            result.push(b'\n');
        } else {
            let indent = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            result.extend_from_slice(&line[indent..]);
        }
    }
    result
}

/// Returns whether the first comment of the line is its only content.
fn ends_as_comment(line: &[u8]) -> bool {
    line.windows(2).skip(2).position(|pair| pair == b"*/").is_some_and(|at| at + 4 == line.len())
}

#[cfg(test)]
mod tests {
    use super::minify;

    fn of(name: &str, text: &str) -> String {
        String::from_utf8(minify(name, text.as_bytes())).expect("text stays text")
    }

    #[test]
    fn comments_on_lines_of_their_own_become_empty_lines() {
        let text = "/** One. */\nlet a = 1; // stays\n  /**\n   * @type {x}\n   */\n  // gone\n  \
                    let b = /** @type {any} */ (a);\n";
        assert_eq!(
            of("a.js", text),
            "\nlet a = 1; // stays\n\n\n\n\nlet b = /** @type {any} */ (a);\n"
        );
        assert_eq!(
            of("a.css", "/* All\n   of it. */\na { b: c } /* here */\n"),
            "\n\na { b: c } /* here */\n"
        );
    }

    #[test]
    fn what_stands_behind_a_comment_is_kept() {
        assert_eq!(
            of("a.js", "/** @type {any} */ (a).b();\n/**/\n/*/ still\n*/\nc();"),
            "/** @type {any} */ (a).b();\n\n\n\nc();"
        );
    }

    #[test]
    fn indentation_is_removed_and_lines_stay_lines() {
        assert_eq!(of("a.js", "if (a) {\n  b(\n\t  c,  d);\n   \n}"), "if (a) {\nb(\nc,  d);\n\n}");
    }

    #[test]
    fn other_files_stay_as_they_are() {
        assert_eq!(of("a.json", "// no comment\n"), "// no comment\n");
    }
}
