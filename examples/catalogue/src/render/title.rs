//! What lists sort titles by.

/// Lower case without accents, ligatures and marks between words.
pub(crate) fn fold_title(title: &str) -> String {
    let mut folded = String::with_capacity(title.len());
    for letter in title.chars().flat_map(char::to_lowercase) {
        match letter {
            'à' | 'â' | 'ä' | 'á' | 'ã' => folded.push('a'),
            'ç' => folded.push('c'),
            'é' | 'è' | 'ê' | 'ë' => folded.push('e'),
            'î' | 'ï' | 'í' => folded.push('i'),
            'ô' | 'ö' | 'ó' | 'õ' => folded.push('o'),
            'ù' | 'û' | 'ü' | 'ú' => folded.push('u'),
            'ÿ' => folded.push('y'),
            'ñ' => folded.push('n'),
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            '\'' | '’' | '-' => folded.push(' '),
            other => folded.push(other),
        }
    }
    folded.trim().to_owned()
}

/// The letter under which a folded title is listed, `@` when it begins with none.
pub(super) fn initial_of(folded: &str) -> String {
    let first = folded.chars().next();
    first.filter(char::is_ascii_lowercase).unwrap_or('@').into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_sort_without_case_and_accents() {
        assert_eq!(fold_title("Œuvre d’été À L'Île"), "oeuvre d ete a l ile");
    }

    #[test]
    fn titles_that_begin_with_no_letter_have_the_initial_at() {
        for (title, expected) in [
            ("48 marches", "@"),
            ("", "@"),
            ("Œillets", "o"),
            ("« Zut »", "@"),
        ] {
            assert_eq!(initial_of(&fold_title(title)), expected);
        }
    }
}
