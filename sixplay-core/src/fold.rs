//! Letters as lists and searches compare them.

use any_ascii::any_ascii_char;
use unicode_normalization::UnicodeNormalization;

/// What people type and type-setters set for an apostrophe.
const APOSTROPHES: [char; 8] = [
    '`', '´', '\u{2bc}', '\u{2018}', '\u{2019}', '\u{201b}', '\u{2032}', '\u{ff07}',
];

/// `text` as lists and searches compare it: in lower case; Latin letters without marks, ligatures
/// and strokes (`É`, `œ`, `Ł` are `e`, `oe`, `l`), those of other scripts without accents; every
/// form of apostrophe plain.
///
/// Composed and decomposed letters of Latin, Greek and Cyrillic give the same text. Everything else
/// stays as it is.
///
/// ```
/// use sixplay_core::fold_letters;
///
/// assert_eq!(fold_letters("L’Œuvre d'Éric Łuczak"), "l'oeuvre d'eric luczak");
/// assert_eq!(fold_letters("E\u{301}te\u{301}"), fold_letters("Été"));
/// ```
pub fn fold_letters(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars() {
        push_folded(letter, &mut folded);
    }
    folded
}

/// What [`fold_letters`] does beyond taking the lower case: each character that it changes, and
/// what takes its place; nothing does for a mark.
pub fn letter_folds() -> impl Iterator<Item = (char, String)> {
    let folds =
        ('`'..='\u{ffff}').map(|letter| (letter, fold_letters(letter.encode_utf8(&mut [0; 4]))));
    folds.filter(|(letter, folded)| !letter.to_lowercase().eq(folded.chars()))
}

fn push_folded(letter: char, folded: &mut String) {
    if APOSTROPHES.contains(&letter) {
        folded.push('\'');
    } else if letter.is_ascii() {
        folded.push(letter.to_ascii_lowercase());
    } else if !is_accent(letter) {
        match latin_letters(letter).or_else(|| without_accents(letter)) {
            Some(letters) => folded.push_str(&letters),
            None => folded.extend(letter.to_lowercase()),
        }
    }
}

/// The plain letters of a Latin one, of a ligature, or of letters in another shape.
fn latin_letters(letter: char) -> Option<String> {
    let parts = || {
        std::iter::once(letter)
            .nfkd()
            .filter(|part| !is_accent(*part))
    };
    let is_word = letter.is_alphabetic() || matches!(letter, '\u{ff10}'..='\u{ff19}');
    let in_reach = letter <= '\u{ffff}' && is_word;
    if !in_reach || !(is_latin(letter) || parts().all(is_latin)) {
        return None;
    }
    let plain = parts()
        .filter(|part| is_latin(*part))
        .flat_map(|part| any_ascii_char(part).chars());
    let plain: String = plain.filter(char::is_ascii_alphanumeric).collect();
    (!plain.is_empty()).then(|| plain.to_ascii_lowercase())
}

/// The Greek or Cyrillic letter below the accents, in lower case.
fn without_accents(letter: char) -> Option<String> {
    if !matches!(letter, '\u{370}'..='\u{52f}' | '\u{1f00}'..='\u{1fff}') {
        return None;
    }
    let mut parts = std::iter::once(letter)
        .nfd()
        .filter(|part| !is_accent(*part));
    let below = parts.next().filter(|below| below.is_alphabetic())?;
    Some(below.to_lowercase().collect())
}

/// Of a block of marks that go above, below and through letters of any script.
fn is_accent(mark: char) -> bool {
    matches!(
        mark,
        '\u{300}'..='\u{36f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

/// A plain letter or digit, or of a block of Latin letters.
fn is_latin(letter: char) -> bool {
    letter.is_ascii_alphanumeric()
        || matches!(
            letter,
            '\u{c0}'..='\u{2af}'
                | '\u{1d00}'..='\u{1dbf}'
                | '\u{1e00}'..='\u{1eff}'
                | '\u{2c60}'..='\u{2c7f}'
                | '\u{a720}'..='\u{a7ff}'
                | '\u{ab30}'..='\u{ab6f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_every_language_in_latin_script_lose_marks_strokes_and_ligatures() {
        for (text, expected) in [
            ("ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸÆŒ", "aaaceeeeiioouuuyaeoe"),
            (
                "Ålesund Øre Łódź Škoda Ìò Đak Ħal Ŧ",
                "alesund ore lodz skoda io dak hal t",
            ),
            (
                "Þór ðaka straße STRASSE ẞ ŉ ŀ ı İ ŋ Ə",
                "thor daka strasse strasse ss n l i i ng e",
            ),
            ("Việt Ơ ǅ ﬁn Ａ１ Ⅷ ª", "viet o dz fin a1 viii a"),
        ] {
            assert_eq!(fold_letters(text), expected);
        }
    }

    #[test]
    fn composed_and_decomposed_letters_fold_alike_and_are_folded_once() {
        for text in [
            "Ételle",
            "Ålesund",
            "Việt",
            "Ёлка Йод",
            "Ἀθῆναι ΆΈ",
            "ǘ ǖ",
            "½ m² 東京 한글",
        ] {
            let (composed, decomposed): (String, String) =
                (text.nfc().collect(), text.nfd().collect());
            let folded = fold_letters(&composed);
            assert_eq!(fold_letters(&folded), folded, "{text}");
            if !text.contains('한') {
                assert_eq!(fold_letters(&decomposed), folded, "{text}");
            }
        }
    }

    #[test]
    fn apostrophes_are_alike_and_other_signs_stay() {
        assert_eq!(
            fold_letters("l'a l’a l‘a lʼa l´a l`a l＇a l′a"),
            ["l'a"; 8].join(" ")
        );
        assert_eq!(fold_letters("« ½ × 2 – m² »"), "« ½ × 2 – m² »");
    }

    #[test]
    fn the_folds_of_single_characters_are_those_of_texts() {
        let folds: Vec<(char, String)> = letter_folds().collect();
        let fold_of = |asked: char| {
            let found = folds.iter().find(|(letter, _)| *letter == asked);
            found.map(|(_, folded)| folded.as_str())
        };
        assert_eq!(
            (fold_of('É'), fold_of('œ'), fold_of('\u{301}')),
            (Some("e"), Some("oe"), Some(""))
        );
        assert_eq!(
            (fold_of('’'), fold_of('е'), fold_of('Я'), fold_of('½')),
            (Some("'"), None, None, None)
        );
        assert!((1_800..2_300).contains(&folds.len()), "{}", folds.len());
    }
}
