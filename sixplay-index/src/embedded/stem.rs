//! Savoy's light stemmer for French: plurals, feminines and a few derivations, nothing more.
//!
//! Words come here without accents, so the published rules on accented endings have nothing to do
//! and are left out.

/// An ending, how many letters a word must exceed to lose it, and what takes its place.
type Rule = (usize, &'static str, &'static str);

const DERIVATIONS: [Rule; 20] = [
    (9, "issement", "ir"),
    (8, "issant", "ir"),
    (7, "ivement", "if"),
    (6, "ement", "e"),
    (11, "ficatrice", "fier"),
    (10, "ficateur", "fier"),
    (9, "catrice", "quer"),
    (8, "cateur", "quer"),
    (8, "atrice", "er"),
    (7, "ateur", "er"),
    (7, "trice", "ter"),
    (6, "trice", "teur"),
    (7, "teuse", "ter"),
    (6, "teur", "ter"),
    (5, "euse", "eu"),
    (7, "ive", "if"),
    (4, "folle", "fou"),
    (4, "molle", "mou"),
    (9, "nnelle", "n"),
    (9, "nnel", "n"),
];

const NOUNS: [Rule; 7] = [
    (8, "esse", "e"),
    (7, "inage", "in"),
    (12, "ualisation", "uel"),
    (9, "isation", ""),
    (9, "isateur", ""),
    (8, "ation", ""),
    (8, "ition", ""),
];

/// The stem of a word in lower case without accents.
pub(super) fn stem(word: &str) -> String {
    let mut stem = singular(word);
    if !apply(&DERIVATIONS, &mut stem) {
        apply(&[(8, "ique", "")], &mut stem);
        apply(&NOUNS, &mut stem);
    }
    trim(stem)
}

fn length(word: &str) -> usize {
    word.chars().count()
}

/// Replaces the first ending that fits.
fn apply(rules: &[Rule], word: &mut String) -> bool {
    let length = length(word);
    let Some((_, ending, becomes)) = rules
        .iter()
        .find(|(more, ending, _)| length > *more && word.ends_with(ending))
    else {
        return false;
    };
    word.truncate(word.len() - ending.len());
    word.push_str(becomes);
    true
}

fn singular(word: &str) -> String {
    let mut word = word.to_owned();
    if length(&word) > 5 && word.ends_with('x') {
        let al = word.ends_with("aux") && !word.ends_with("eaux");
        word.truncate(word.len() - if al { "ux".len() } else { "x".len() });
        word.push_str(if al { "l" } else { "" });
    }
    for plural in ['x', 's'] {
        if length(&word) > 3 && word.ends_with(plural) {
            word.pop();
        }
    }
    word
}

/// Writes doubled letters once and drops the ending of the infinitive and the feminine.
fn trim(stem: String) -> String {
    let mut letters: Vec<char> = stem.chars().collect();
    if letters.len() > 4 {
        letters.dedup_by(|next, letter| next == letter && letter.is_alphabetic());
    }
    if letters.len() > 4 && letters.ends_with(&['i', 'e']) {
        letters.truncate(letters.len() - 2);
    }
    if letters.len() > 4 {
        for ending in ['r', 'e', 'e'] {
            letters.pop_if(|last| *last == ending);
        }
        if let [.., before, last] = letters[..]
            && before == last
            && last.is_alphabetic()
        {
            letters.pop();
        }
    }
    letters.into_iter().collect()
}
