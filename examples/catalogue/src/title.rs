//! Titles as lists order them and as they are filed under letters.

use sixplay_core::fold_letters;
use unicode_normalization::UnicodeNormalization;

/// Stands for a sign; below digits and letters, above a space.
const SIGN: char = '!';

/// The words of a title as lists order them: folded, one space between them.
///
/// Letters count without case, marks and ligatures, composed or not; apostrophes, quotation marks
/// and hyphens count as spaces. Signs come before digits, digits before letters, Latin letters
/// before others. Articles count.
pub(crate) fn fold_title(title: &str) -> String {
    let plain: String = title.nfkd().collect();
    let plain: String = fold_letters(&plain).chars().map(word_letter).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn word_letter(letter: char) -> char {
    match letter {
        '\'' | '"' | '«' | '»' | '\u{2018}'..='\u{201f}' | '\u{2039}' | '\u{203a}' => ' ',
        '-' | '\u{2010}'..='\u{2015}' => ' ',
        other if other.is_alphanumeric() || other.is_whitespace() => other,
        _ => SIGN,
    }
}

/// The letter under which lists file a title, `a` to `z`: its first, without case, marks and
/// ligatures, after any quotation mark; `@` when a digit, a sign or a letter of another script
/// comes first.
///
/// ```
/// use sixplay_catalogue::initial_of;
///
/// let titles = ["Été", "« Œdipe »", "L’Île", "48 heures", "É"];
/// assert_eq!(titles.map(initial_of), ['e', 'o', 'l', '@', 'e']);
/// ```
pub fn initial_of(title: &str) -> char {
    let first = fold_title(title).chars().next();
    first.filter(char::is_ascii_lowercase).unwrap_or('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_fold_without_case_marks_and_the_form_of_their_quotes() {
        for (title, expected) in [
            ("Œuvre d’été À L'Île", "oeuvre d ete a l ile"),
            ("E\u{301}telle", "etelle"),
            ("« L‘Œil » – “Ålesund”", "l oeil alesund"),
            ("(Re)naître & C°", "!re!naitre ! c!"),
            ("½ ﬁn Ⅷ Ａ", "1!2 fin viii a"),
            ("  Le\u{a0}19.45 ", "le 19!45"),
            ("", ""),
        ] {
            assert_eq!(fold_title(title), expected, "{title}");
        }
    }

    #[test]
    fn titles_are_filed_under_their_first_letter_and_those_without_one_under_at() {
        let titles = [
            "48 marches",
            "",
            "…suite",
            "#zut",
            "Ёлка",
            "@",
            "ȿ",
            "Ørsted",
            "Łódź",
            "Škoda",
            "Ìle",
            "O\u{300}ran",
            "'Allo",
            "“Œillets”",
        ];
        let initials: String = titles.map(initial_of).iter().collect();
        assert_eq!(initials, "@@@@@@solsioao");
    }
}
