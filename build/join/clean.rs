//! Reads scripts and styles far enough to know what is code, and removes what browsers ignore.

/// The text without comments, indentation and empty lines. Line breaks stay, so that the meaning
/// does (a line break can end a statement).
///
/// `mask` has the same length: code as it is, and zeros for the inside of strings, templates and
/// regular expressions.
#[derive(Debug, Default)]
pub(crate) struct Clean {
    pub(crate) text: String,
    pub(crate) mask: Vec<u8>,
}

/// What a line of code may be followed by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Script,
    Style,
}

/// Cleans a script. Fails where a string, comment, template or regular expression does not end.
pub(crate) fn script(text: &str) -> Result<Clean, String> {
    Reader::new(text, Language::Script).all()
}

/// Cleans a style.
pub(crate) fn style(text: &str) -> Result<Clean, String> {
    Reader::new(text, Language::Style).all()
}

/// Removes the spaces and line breaks of a clean script that separate nothing.
pub(crate) fn tight(text: &str) -> Result<String, String> {
    let Clean { text, mask } = script(text)?;
    let mut tight = String::with_capacity(text.len());
    for (at, next) in text.char_indices() {
        let space = mask[at];
        if space == b' ' || space == b'\n' {
            let before = tight.as_bytes().last().copied();
            let after = mask.get(at + 1).copied();
            let (before, after) = (before.unwrap_or(b'\n'), after.unwrap_or(b'\n'));
            let separates_nothing = if space == b' ' {
                // `+ +a`, `a / /b/` and `? .5` are left alone.
                b"(){}[];,=<>?:&|\n".contains(&before) || b"(){}[];,=<>?:&|\n".contains(&after)
            } else {
                // Where a statement cannot end, or has ended.
                b"({[;,\n".contains(&before) || b"})];,.?:&|".contains(&after)
            };
            if separates_nothing {
                continue;
            }
        }
        tight.push(next);
    }
    Ok(tight)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    language: Language,
    clean: Clean,
    /// Number of open braces in each template that is open.
    templates: Vec<usize>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, language: Language) -> Self {
        Self { text, at: 0, language, clean: Clean::default(), templates: Vec::new() }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn all(mut self) -> Result<Clean, String> {
        while let Some(next) = self.rest().chars().next() {
            match next {
                '/' if self.rest().starts_with("/*") => {
                    let end = self.rest()[2..].find("*/").ok_or("a comment does not end")?;
                    let comment = &self.rest()[..end + 4];
                    self.at += comment.len();
                    self.space(if comment.contains('\n') { '\n' } else { ' ' });
                }
                '/' if self.language == Language::Script && self.rest().starts_with("//") => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                }
                '/' if self.language == Language::Script && self.expects_value() => {
                    let length = regular_expression(self.rest())?;
                    self.literal(length);
                }
                '"' | '\'' => {
                    let length = quoted(self.rest())?;
                    self.literal(length);
                }
                '`' if self.language == Language::Script => self.template()?,
                '}' if self.templates.last() == Some(&0) => {
                    self.templates.pop();
                    self.template()?;
                }
                _ => self.code(next),
            }
        }
        if self.templates.is_empty() {
            Ok(self.clean)
        } else {
            Err("a template does not end".into())
        }
    }

    fn code(&mut self, next: char) {
        self.at += next.len_utf8();
        if matches!(next, ' ' | '\t' | '\r' | '\n') {
            return self.space(if next == '\n' { '\n' } else { ' ' });
        }
        if let Some(open) = self.templates.last_mut() {
            match next {
                '{' => *open += 1,
                '}' => *open -= 1,
                _ => (),
            }
        }
        self.push(next.encode_utf8(&mut [0; 4]), true);
    }

    /// Adds a space or line break; one of several is enough, and a line break is more than a space.
    fn space(&mut self, space: char) {
        let last = self.clean.mask.last().copied();
        match (last, space) {
            (None | Some(b'\n'), _) | (Some(b' '), ' ') => (),
            (Some(b' '), _) => {
                self.clean.text.pop();
                self.clean.mask.pop();
                self.space('\n');
            }
            _ => self.push(space.encode_utf8(&mut [0; 4]), true),
        }
    }

    /// Adds a literal of this length: its ends are code, its inside is not.
    fn literal(&mut self, length: usize) {
        let literal = &self.rest()[..length];
        self.at += length;
        self.push(&literal[..1], true);
        self.push(&literal[1..length - 1], false);
        self.push(&literal[length - 1..], true);
    }

    /// Adds a template from its start, or from the end of an expression in it, to its end or to the
    /// start of an expression.
    fn template(&mut self) -> Result<(), String> {
        let mut escaped = false;
        for (at, next) in self.rest().char_indices().skip(1) {
            let rest = &self.rest()[at..];
            if escaped {
                escaped = false;
            } else if next == '\\' {
                escaped = true;
            } else if next == '`' {
                self.literal(at + 1);
                return Ok(());
            } else if rest.starts_with("${") {
                let part = &self.rest()[..at];
                self.at += at + 2;
                self.push(&part[..1], true);
                self.push(&part[1..], false);
                // Without the dollar sign, which could be a name.
                self.push("$", false);
                self.push("{", true);
                self.templates.push(0);
                return Ok(());
            }
        }
        Err("a template does not end".into())
    }

    fn push(&mut self, text: &str, is_code: bool) {
        self.clean.text.push_str(text);
        if is_code {
            self.clean.mask.extend_from_slice(text.as_bytes());
        } else {
            self.clean.mask.resize(self.clean.text.len(), 0);
        }
    }

    /// Returns whether a slash begins a regular expression: what precedes it is no value.
    fn expects_value(&self) -> bool {
        let before = self.clean.mask.trim_ascii_end();
        let Some(last) = before.last() else { return true };
        if !is_word(*last) {
            return !matches!(last, b')' | b']' | b'}' | b'"' | b'\'' | b'`');
        }
        let start = before.iter().rposition(|byte| !is_word(*byte)).map_or(0, |at| at + 1);
        [&b"return"[..], b"typeof", b"case", b"in", b"of", b"await", b"yield"]
            .contains(&&before[start..])
    }
}

/// Returns whether a byte can be part of an identifier.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#') || byte >= 0x80
}

/// Returns the length of the string at the start of a text.
fn quoted(text: &str) -> Result<usize, String> {
    let mut escaped = false;
    for (at, next) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if next == '\\' {
            escaped = true;
        } else if next == '\n' {
            break;
        } else if text.starts_with(next) {
            return Ok(at + 1);
        }
    }
    Err("a string does not end in its line".into())
}

/// Returns the length of the regular expression at the start of a text, without flags.
fn regular_expression(text: &str) -> Result<usize, String> {
    let (mut escaped, mut in_class) = (false, false);
    for (at, next) in text.char_indices().skip(1) {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => break,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return Ok(at + 1),
            _ => (),
        }
    }
    Err("a regular expression does not end in its line".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_indentation_and_empty_lines_are_removed() {
        for (text, wanted) in [
            ("/** One. */\nlet a = 1; // two\n\n\n  let b;\n", "let a = 1;\nlet b;\n"),
            ("return /* a */ b;", "return b;"),
            ("return /* a\n */ b;", "return\nb;"),
            ("a\n/**\n * @type {x}\n */\n(b)", "a\n(b)"),
            ("let url = \"http://x\"; // y", "let url = \"http://x\"; "),
            (r#"'it\'s // one' + "/* two */""#, r#"'it\'s // one' + "/* two */""#),
            ("`  // ${a /* b */ + `{${c}`} /* */\n  d`", "`  // ${a + `{${c}`} /* */\n  d`"),
            ("`${{ a: { b } }}  // c`", "`${{ a: { b } }}  // c`"),
            ("x = /[/\"]\\/`/g; // y\nz", "x = /[/\"]\\/`/g;\nz"),
            ("a / b / c // d", "a / b / c "),
            ("return /'/.test(x)", "return /'/.test(x)"),
            ("f(/`/, a[0] / 2)", "f(/`/, a[0] / 2)"),
        ] {
            assert_eq!(script(text).unwrap().text, wanted, "{text}");
        }
        let text = "/* a */\na { b: url(//c) } /* d */\n\n  e { f: \"/* g */\" }\n";
        assert_eq!(style(text).unwrap().text, "a { b: url(//c) }\ne { f: \"/* g */\" }\n");
    }

    #[test]
    fn the_mask_shows_only_code() {
        let shown = |text: &str| {
            let clean = script(text).unwrap();
            assert_eq!(clean.text.len(), clean.mask.len());
            String::from_utf8_lossy(&clean.mask).replace('\0', "-")
        };
        assert_eq!(shown("f(\"ж\", /b+/g, `c${d}e`);"), "f(\"--\", /--/g, `--{d}-`);");
    }

    #[test]
    fn what_separates_nothing_is_removed() {
        for (text, wanted) in [
            ("const a = { b, ...c };\nlet d = 1;\n", "const a={b,...c};let d=1;"),
            ("if (a) {\n  b();\n}\nc();\n", "if(a){b();}\nc();"),
            ("a = b + +c - -d / /e f/u.g;", "a=b + +c - -d / /e f/u.g;"),
            ("f(\n  \"a = b\",\n  `c ${ d ? e : f } g`,\n);", "f(\"a = b\",`c ${d?e:f} g`,);"),
            ("return (\n  a\n    .b()\n    && c\n);\n", "return(a.b()&&c);"),
            (
                "class A extends B {\n  #c = 1;\n  get d() {}\n}\n",
                "class A extends B{#c=1;get d(){}}\n",
            ),
            ("for (const a of [1, 2]) b in c;", "for(const a of[1,2])b in c;"),
            ("a\n(b)", "a\n(b)"),
            ("let a\n[b] = c", "let a\n[b]=c"),
        ] {
            assert_eq!(tight(text).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn what_does_not_end_is_refused() {
        for text in ["/* a", "\"a\nb\"", "`a", "`a${b", "x = /a\n/"] {
            assert!(script(text).is_err(), "{text}");
        }
    }
}
