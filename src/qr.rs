//! QR codes of links: as a picture, and for a terminal. A leaf.

use qrcode::{Color, QrCode};

/// Modules of the margin, which readers need.
const MARGIN: usize = 4;
/// Modules of the margin on a terminal, where space is short.
const NARROW: usize = 2;

/// A code with its margin.
struct Modules {
    width: usize,
    margin: usize,
    dark: Vec<bool>,
}

impl Modules {
    /// None: the text is too long.
    fn of(text: &str, margin: usize) -> Option<Self> {
        let code = QrCode::new(text).ok()?;
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Some(Self { width: code.width(), margin, dark })
    }

    /// Modules of a side, with the margin.
    fn side(&self) -> usize {
        self.width + 2 * self.margin
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(self.margin).filter(|at| *at < self.width);
        match (inside(x), inside(y)) {
            (Some(x), Some(y)) => self.dark[y * self.width + x],
            _ => false,
        }
    }
}

/// Returns an SVG document, black on white; None if the text is too long for a code.
pub fn svg(text: &str) -> Option<String> {
    let modules = Modules::of(text, MARGIN)?;
    let side = modules.side();
    let mut runs = Vec::new();
    for y in 0..side {
        let mut x = 0;
        while x < side {
            let length = (x..side).take_while(|x| modules.is_dark(*x, y)).count();
            if length > 0 {
                runs.push(format!("M{x} {y}h{length}v1h-{length}z"));
            }
            x += length.max(1);
        }
    }
    let path = runs.concat();
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path \
         d=\"{path}\"/></svg>"
    ))
}

/// Returns lines for a terminal, black on white whatever its colours are, two modules a character;
/// None if the text is too long for a code.
pub fn for_terminal(text: &str) -> Option<String> {
    let modules = Modules::of(text, NARROW)?;
    let side = modules.side();
    let mut lines = String::new();
    for y in (0..side).step_by(2) {
        lines.push_str("\u{1b}[30;107m");
        for x in 0..side {
            lines.push(match (modules.is_dark(x, y), modules.is_dark(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        lines.push_str("\u{1b}[0m\n");
    }
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://chat.example.org/#invite=0123456789012345678901234567890123456789";

    #[test]
    fn both_forms_show_the_same_modules() {
        let code = QrCode::new(LINK).unwrap();
        let dark = code.to_colors().iter().filter(|color| **color == Color::Dark).count();
        let svg = svg(LINK).unwrap();
        let runs = svg.split('h').filter_map(|part| part.strip_suffix("v1"));
        let drawn: usize = runs.map(|length| length.parse::<usize>().unwrap()).sum();
        assert_eq!(drawn, dark);
        let side = code.width() + 2 * MARGIN;
        assert!(svg.contains(&format!("viewBox=\"0 0 {side} {side}\"")), "{svg}");
        let shown = for_terminal(LINK).unwrap();
        let count = |block: char| shown.matches(block).count();
        assert_eq!(2 * count('█') + count('▀') + count('▄'), dark);
        assert_eq!(shown.lines().count(), (code.width() + 2 * NARROW).div_ceil(2));
    }

    #[test]
    fn a_text_that_is_too_long_has_no_code() {
        assert_eq!((svg(&"x".repeat(4000)), for_terminal(&"x".repeat(4000))), (None, None));
    }
}
