//! The paths that a piece of code names.

/// A path, and how it was named.
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    /// `pub use`: others find the thing under the name of this module.
    pub(crate) is_re_export: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Colons,
    Sign(char),
}

/// All paths that begin with one of the roots, braces taken apart.
pub(crate) fn paths(code: &str, roots: &[&str]) -> Vec<Path> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let Token::Word(word) = &tokens[at] else {
            continue;
        };
        let before = at.checked_sub(1).map(|at| &tokens[at]);
        let is_used = before == Some(&Token::Word("use".to_owned()));
        let goes_on = tokens.get(at + 1) == Some(&Token::Colons);
        let starts = before != Some(&Token::Colons) || !follows_a_word(&tokens, at);
        if roots.contains(&word.as_str()) && starts && (goes_on || is_used) {
            let is_re_export = is_used && is_public(&tokens, at);
            for segments in tree(&tokens, &mut { at }) {
                found.push(Path {
                    segments,
                    is_re_export,
                });
            }
        }
    }
    found
}

/// How often a word stands in the code.
pub(crate) fn has_word(code: &str, word: &str) -> bool {
    tokens(code).contains(&Token::Word(word.to_owned()))
}

fn follows_a_word(tokens: &[Token], at: usize) -> bool {
    matches!(
        at.checked_sub(2).map(|at| &tokens[at]),
        Some(Token::Word(_) | Token::Sign('>'))
    )
}

fn is_public(tokens: &[Token], at: usize) -> bool {
    let word = |word: &str| Token::Word(word.to_owned());
    match at.checked_sub(2).map(|at| &tokens[at]) {
        Some(Token::Sign(')')) => true,
        before => before == Some(&word("pub")),
    }
}

/// One path, or all that stand in its braces.
fn tree(tokens: &[Token], at: &mut usize) -> Vec<Vec<String>> {
    let mut stem = Vec::new();
    loop {
        match tokens.get(*at) {
            Some(Token::Word(word)) => stem.push(word.clone()),
            Some(Token::Sign('*')) => stem.push("*".to_owned()),
            Some(Token::Sign('{')) => return branches(tokens, at, &stem),
            _ => return vec![stem],
        }
        *at += 1;
        if tokens.get(*at) != Some(&Token::Colons) {
            return vec![stem];
        }
        *at += 1;
    }
}

fn branches(tokens: &[Token], at: &mut usize, stem: &[String]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    *at += 1;
    while let Some(token) = tokens.get(*at) {
        match token {
            Token::Sign('}') => {
                *at += 1;
                break;
            }
            Token::Word(word) if word == "as" => *at += 2,
            Token::Word(_) | Token::Sign('*') => {
                for branch in tree(tokens, at) {
                    all.push(stem.iter().cloned().chain(branch).collect());
                }
            }
            _ => *at += 1,
        }
    }
    all
}

fn tokens(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut letters = code.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_alphanumeric() || letter == '_' {
            let mut word = String::from(letter);
            while let Some(next) = letters.next_if(|next| next.is_alphanumeric() || *next == '_') {
                word.push(next);
            }
            tokens.push(Token::Word(word));
        } else if letter == ':' && letters.next_if_eq(&':').is_some() {
            tokens.push(Token::Colons);
        } else if !letter.is_whitespace() {
            tokens.push(Token::Sign(letter));
        }
    }
    tokens
}
