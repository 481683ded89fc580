//! French text to words, as the servers' `standard` tokenizer with `elision`, `lowercase`,
//! `asciifolding` and `light_french` does it.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::stem::stem;

const ARTICLES: [&str; 13] = [
    "l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu",
];

/// The longest token; longer ones are cut.
const MAX_TOKEN: usize = 255;

/// The words that `text` is found by, in order.
pub(super) fn analyze(text: &str) -> Vec<String> {
    tokens(text)
        .iter()
        .map(|token| stem(&fold(&elide(token).to_lowercase())))
        .collect()
}

/// Runs of letters, digits and underscores; an apostrophe, dot or the like inside a word belongs to
/// it.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut token) = (Vec::new(), String::new());
    let mut length = 0;
    for (position, &current) in chars.iter().enumerate() {
        let before = chars[..position]
            .iter()
            .rev()
            .copied()
            .find(|c| !extends(*c));
        let joins = !token.is_empty() && joins(before, current, chars.get(position + 1).copied());
        if word(current) || joins || (extends(current) && !token.is_empty()) {
            if length == MAX_TOKEN {
                tokens.push(std::mem::take(&mut token));
                length = 0;
            }
            token.push(current);
            length += 1;
        } else {
            tokens.push(std::mem::take(&mut token));
            length = 0;
        }
    }
    tokens.push(token);
    tokens.retain(|token| {
        token
            .chars()
            .any(|c| c.is_alphanumeric() && !is_combining_mark(c))
    });
    tokens
}

fn word(c: char) -> bool {
    c.is_alphabetic() || digit(c) || c == '_'
}

/// Marks and invisible characters belong to the letter before them.
fn extends(c: char) -> bool {
    is_combining_mark(c)
        || matches!(
            c,
            '\u{ad}' | '\u{200c}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
        )
}

/// Fractions, superscripts and the like are none.
fn digit(c: char) -> bool {
    c.is_numeric() && std::iter::once(c).nfkd().eq([c])
}

/// Whether a punctuation mark stands between two letters, or two digits, that make one word with
/// it.
fn joins(before: Option<char>, mark: char, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return false;
    };
    let both = '.' == mark || '\'' == mark || '\u{2019}' == mark || '\u{2018}' == mark;
    let letters = both || mark == ':' || mark == '\u{b7}';
    let digits = both || mark == ',' || mark == ';';
    (letters && before.is_alphabetic() && after.is_alphabetic())
        || (digits && digit(before) && digit(after))
}

/// Without a leading article and its apostrophe.
fn elide(token: &str) -> &str {
    let Some((article, rest)) = token.split_once(['\'', '\u{2019}']) else {
        return token;
    };
    if ARTICLES
        .iter()
        .any(|known| known.eq_ignore_ascii_case(article))
    {
        rest
    } else {
        token
    }
}

/// Without accents and ligatures; letters of other scripts stay as they are.
fn fold(token: &str) -> String {
    let mut folded = String::with_capacity(token.len());
    for c in token.chars() {
        match c {
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'ß' => folded.push_str("ss"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'ð' | 'đ' => folded.push('d'),
            'ł' => folded.push('l'),
            'ħ' => folded.push('h'),
            'ŧ' => folded.push('t'),
            'ı' => folded.push('i'),
            '\u{2018}' | '\u{2019}' => folded.push('\''),
            c => match std::iter::once(c)
                .nfkd()
                .filter(|part| !is_combining_mark(*part))
                .collect::<String>()
            {
                latin if latin.is_ascii() && !latin.is_empty() => folded.push_str(&latin),
                _ => folded.push(c),
            },
        }
    }
    folded
}
