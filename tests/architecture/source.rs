//! Rust source without what is no code: comments, the inside of texts, and test modules.

/// The source with comments and texts blanked.
pub(crate) fn code(source: &str) -> String {
    let mut rest: Vec<char> = source.chars().collect();
    rest.extend(['\0'; 2]);
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at + 2 < rest.len() {
        let end = match (rest[at], rest[at + 1]) {
            ('/', '/') => find(&rest, at, |text| text[0] == '\n'),
            ('/', '*') => comment_end(&rest, at),
            ('"', _) => text_end(&rest, at + 1),
            ('r', '"' | '#') if !continues_a_word(&out) => raw_text_end(&rest, at),
            ('\'', _) => letter_end(&rest, at),
            _ => at,
        };
        if end == at {
            out.push(rest[at]);
            at += 1;
        } else {
            out.push(' ');
            at = end;
        }
    }
    out
}

fn continues_a_word(out: &str) -> bool {
    // `b` and `c` before a raw text belong to it.
    let word: String = out
        .chars()
        .rev()
        .take_while(|letter| is_word(*letter))
        .collect();
    !matches!(word.as_str(), "" | "b" | "c")
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn find(text: &[char], from: usize, stop: impl Fn(&[char]) -> bool) -> usize {
    let last = text.len() - 2;
    (from..last).find(|at| stop(&text[*at..])).unwrap_or(last)
}

/// Comments nest.
fn comment_end(text: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0);
    while at + 2 < text.len() {
        match (text[at], text[at + 1]) {
            ('/', '*') => (at, depth) = (at + 2, depth + 1),
            ('*', '/') => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn text_end(text: &[char], from: usize) -> usize {
    let mut at = from;
    while at + 2 < text.len() {
        match text[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// `r"…"`, `r#"…"#`; but `r#type` is a word.
fn raw_text_end(text: &[char], from: usize) -> usize {
    let hashes = text[from + 1..]
        .iter()
        .take_while(|letter| **letter == '#')
        .count();
    let open = from + 1 + hashes;
    if text[open] != '"' {
        return from;
    }
    let closes = |text: &[char]| {
        text[0] == '"'
            && text[1..]
                .iter()
                .take(hashes)
                .filter(|one| **one == '#')
                .count()
                == hashes
    };
    (find(text, open + 1, closes) + 1 + hashes).min(text.len() - 2)
}

/// `'x'` and `'\n'` are letters, `'a` is a lifetime.
fn letter_end(text: &[char], from: usize) -> usize {
    if text[from + 1] == '\\' {
        return find(text, from + 3, |text| text[0] == '\'') + 1;
    }
    if text.get(from + 2) == Some(&'\'') {
        from + 3
    } else {
        from
    }
}

/// What is left when the items under `#[cfg(test)]` are taken out, and the names of the modules
/// among them that are files of their own.
pub(crate) fn without_tests(code: &str) -> (String, Vec<String>) {
    let mut out = String::new();
    let mut test_files = Vec::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
        out.push_str(before);
        let item = &after[..item_length(after)];
        rest = &after[item.len()..];
        let name = item
            .trim_end_matches(';')
            .split_whitespace()
            .skip_while(|word| *word != "mod");
        test_files.extend(
            item.ends_with(';')
                .then(|| name.skip(1).collect::<String>()),
        );
    }
    out.push_str(rest);
    (out, test_files)
}

/// Up to the `;` or the closing brace of an item.
fn item_length(code: &str) -> usize {
    let mut depth = 0;
    for (at, letter) in code.char_indices() {
        match letter {
            ';' if depth == 0 => return at + 1,
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}
