//! Savoy's light stemmer for French: plurals, feminines and a few derivations, nothing more.
//!
//! Words come here without accents, so the published rules on accented endings have nothing to do
//! and are left out.

/// An ending, how many letters a word must exceed to lose it, and what takes its place.
type SuffixRule = (usize, &'static str, &'static str);

const DERIVATIONS: [SuffixRule; 20] = [
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

const NOUNS: [SuffixRule; 7] = [
    (8, "esse", "e"),
    (7, "inage", "in"),
    (12, "ualisation", "uel"),
    (9, "isation", ""),
    (9, "isateur", ""),
    (8, "ation", ""),
    (8, "ition", ""),
];

/// The stem of a word in lower case without accents.
pub(super) fn stem_word(word: &str) -> String {
    let mut stem = drop_plural(word);
    if !replace_ending(&DERIVATIONS, &mut stem) {
        replace_ending(&[(8, "ique", "")], &mut stem);
        replace_ending(&NOUNS, &mut stem);
    }
    trim_letters(stem)
}

fn letter_count(word: &str) -> usize {
    word.chars().count()
}

/// Replaces the first ending that fits.
fn replace_ending(rules: &[SuffixRule], word: &mut String) -> bool {
    let letters = letter_count(word);
    let fits = |(more, ending, _): &&SuffixRule| letters > *more && word.ends_with(ending);
    let Some((_, ending, becomes)) = rules.iter().find(fits) else {
        return false;
    };
    word.truncate(word.len() - ending.len());
    word.push_str(becomes);
    true
}

/// Without the ending of the plural; `-aux` becomes `-al`.
fn drop_plural(word: &str) -> String {
    let mut word = word.to_owned();
    if letter_count(&word) > 5 && word.ends_with('x') {
        let al = word.ends_with("aux") && !word.ends_with("eaux");
        word.truncate(word.len() - if al { "ux".len() } else { "x".len() });
        word.push_str(if al { "l" } else { "" });
    }
    for plural in ['x', 's'] {
        if letter_count(&word) > 3 && word.ends_with(plural) {
            word.pop();
        }
    }
    word
}

/// Writes doubled letters once and drops the ending of the infinitive and the feminine.
fn trim_letters(stem: String) -> String {
    let mut letters: Vec<char> = stem.chars().collect();
    if letters.len() > 4 {
        letters.dedup_by(|next, letter| next == letter && letter.is_alphabetic());
    }
    if letters.len() > 4 && letters.ends_with(&['i', 'e']) {
        letters.truncate(letters.len() - 2);
    }
    if letters.len() > 4 {
        drop_last_vowels(&mut letters);
    }
    letters.into_iter().collect()
}

/// Drops `r`, then `e` twice, then the second of two letters that are now last and equal.
fn drop_last_vowels(letters: &mut Vec<char>) {
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
