//! What titles and other texts may hold.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup},
};

const MAX_TITLE_CHARS: usize = 255;

/// Of a description or summary.
const MAX_TEXT_CHARS: usize = 10_000;

/// What is wrong with a title.
pub(crate) fn find_title_fault(title: &str) -> Option<&'static str> {
    if !title.chars().any(is_visible) {
        return Some("must not be empty: it has no visible character");
    }
    if title.chars().count() > MAX_TITLE_CHARS {
        return Some("is longer than 255 characters");
    }
    let unfit = |c| is_control(c) || is_line_end(c);
    title.chars().any(unfit).then_some(CONTROL)
}

/// What is wrong with a text of several lines.
pub(crate) fn find_text_fault(text: &str) -> Option<&'static str> {
    if text.chars().count() > MAX_TEXT_CHARS {
        return Some("is longer than 10,000 characters");
    }
    let unfit = |c| is_control(c) && !matches!(c, '\t' | '\n' | '\r');
    text.chars().any(unfit).then_some(CONTROL)
}

const CONTROL: &str = "holds a control character";

/// Whether a reader sees something for the character alone.
fn is_visible(c: char) -> bool {
    // braille's blank is a symbol to Unicode
    let is_blank =
        c == '\u{2800}' || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c);
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    let unseen = [
        GeneralCategoryGroup::Separator,
        GeneralCategoryGroup::Mark,
        GeneralCategoryGroup::Control,
        GeneralCategoryGroup::Format,
        GeneralCategoryGroup::Unassigned,
    ];
    !is_blank && !unseen.iter().any(|group| group.contains(category))
}

/// Control characters, and those that turn the direction of what follows them.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_has_something_to_see_and_nothing_that_controls() {
        for title in [
            "",
            " ",
            "\u{200b}",
            "\u{a0}\u{2009}\u{3000}",
            "\u{3164}\u{115f}\u{ffa0}",
            "\u{2800}",
            "\u{ad}\u{feff}\u{2060}",
            "\u{301}\u{fe0f}",
            "\u{e0041}",
            "a\u{0}",
            "a\u{1}",
            "a\nb",
            "a\u{85}b",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{2028}b",
        ] {
            assert!(find_title_fault(title).is_some(), "{title:?}");
        }
        for title in [
            "24",
            "é",
            "e\u{301}",
            "…",
            "👨\u{200d}👩\u{200d}👧",
            "مرحبا\u{200f}!",
            "\u{200b}a",
            &"é".repeat(255),
        ] {
            assert_eq!(find_title_fault(title), None, "{title:?}");
        }
        assert!(find_title_fault(&"é".repeat(256)).is_some());
    }

    #[test]
    fn a_text_has_lines_and_may_be_empty() {
        for text in ["", "a\r\n\tb", &"é".repeat(10_000)] {
            assert_eq!(find_text_fault(text), None);
        }
        for text in ["a\u{0}", "\u{7f}", "a\u{202d}b", &"é".repeat(10_001)] {
            assert!(find_text_fault(text).is_some(), "{text:?}");
        }
    }
}
