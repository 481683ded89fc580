//! French text to words, as the servers do it with the same folding of letters, their `standard`
//! tokenizer, `elision`, `lowercase` and `light_french`.

use sixplay_core::fold_letters;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::stem::stem_word;

const ARTICLES: [&str; 13] = [
    "l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu",
];

/// The longest token, in characters; longer ones are cut.
const MAX_TOKEN: usize = 255;

/// The words that `text` is found by, in order.
pub(super) fn analyze_french(text: &str) -> Vec<String> {
    let tokens = split_into_tokens(&fold_letters(text)).into_iter();
    tokens
        .map(|token| stem_word(drop_article(&token)))
        .collect()
}

/// Runs of letters, digits and underscores; an apostrophe, dot or the like inside a word belongs to
/// it.
fn split_into_tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut token, mut length) = (Vec::new(), String::new(), 0);
    for position in 0..chars.len() {
        let goes_on = belongs_to_word(&chars, position, token.is_empty());
        if !goes_on || length == MAX_TOKEN {
            tokens.push(std::mem::take(&mut token));
            length = 0;
        }
        if goes_on {
            token.push(chars[position]);
            length += 1;
        }
    }
    tokens.push(token);
    tokens.retain(|token| token.chars().any(is_letter_or_number));
    tokens
}

/// Whether the character begins a word (when none is `begun`) or goes on with it.
fn belongs_to_word(chars: &[char], position: usize, none_begun: bool) -> bool {
    let current = chars[position];
    if is_word_character(current) {
        return true;
    }
    if none_begun {
        return false;
    }
    let mut before = chars[..position].iter().rev();
    let before = before.find(|c| !extends_letter(**c));
    let joins = match (before, chars.get(position + 1)) {
        (Some(before), Some(after)) => joins_word(*before, current, *after),
        _ => false,
    };
    joins || extends_letter(current)
}

fn is_word_character(c: char) -> bool {
    c.is_alphabetic() || is_digit(c) || c == '_'
}

fn is_letter_or_number(c: char) -> bool {
    c.is_alphanumeric() && !is_combining_mark(c)
}

/// Marks and invisible characters belong to the letter before them.
fn extends_letter(c: char) -> bool {
    let invisible = matches!(
        c,
        '\u{ad}' | '\u{200c}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
    );
    invisible || is_combining_mark(c)
}

/// Fractions, superscripts and the like are none.
fn is_digit(c: char) -> bool {
    c.is_numeric() && std::iter::once(c).nfkd().eq([c])
}

/// Whether a punctuation mark stands between two letters, or two digits, that make one word with
/// it.
fn joins_word(before: char, mark: char, after: char) -> bool {
    let both = matches!(mark, '.' | '\'');
    let letters = both || matches!(mark, ':' | '\u{b7}');
    let digits = both || matches!(mark, ',' | ';');
    (letters && before.is_alphabetic() && after.is_alphabetic())
        || (digits && is_digit(before) && is_digit(after))
}

/// Without a leading article and its apostrophe.
fn drop_article(token: &str) -> &str {
    match token.split_once('\'') {
        Some((article, rest)) if ARTICLES.contains(&article) => rest,
        _ => token,
    }
}
