//! A line of the shell, taken apart.

use std::iter::Peekable;
use std::str::Chars;

/// Part of a line: a word, or what stands between two commands.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::container) enum Token {
    Word(String),
    Then,
    And,
    Or,
}

/// The words of a line, with variables in their places and quotes gone.
pub(in crate::container) fn tokens<'v>(
    line: &str,
    variable: impl Fn(&str) -> Option<&'v str>,
) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = line.chars().peekable();
    let end =
        |word: &mut Option<String>, tokens: &mut Vec<Token>| tokens.extend(word.take().map(Token::Word));
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' => word.get_or_insert_default().extend(letters.next()),
            '$' => {
                let value = expand(&mut letters, &variable);
                word.get_or_insert_default().push_str(&value);
            }
            letter if quoted => word.get_or_insert_default().push(letter),
            '\'' => {
                let text = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        Some('\'') => break,
                        Some(letter) => text.push(letter),
                        None => return Err("a quote has no end".to_owned()),
                    }
                }
            }
            '#' if word.is_none() => break,
            ';' => {
                end(&mut word, &mut tokens);
                tokens.push(Token::Then);
            }
            '&' | '|' if letters.next_if_eq(&letter).is_some() => {
                end(&mut word, &mut tokens);
                tokens.push(if letter == '&' { Token::And } else { Token::Or });
            }
            '&' | '|' | '<' | '>' | '`' | '(' | ')' => {
                return Err(format!(
                    "the simulated shell has no {letter}; type help for what it knows"
                ));
            }
            letter if letter.is_whitespace() => end(&mut word, &mut tokens),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    if quoted {
        return Err("a quote has no end".to_owned());
    }
    end(&mut word, &mut tokens);
    Ok(tokens)
}

/// What stands for `$NAME`, `${NAME}` or, until it is known, `$?`.
fn expand<'v>(letters: &mut Peekable<Chars<'_>>, variable: &impl Fn(&str) -> Option<&'v str>) -> String {
    if letters.next_if_eq(&'?').is_some() {
        return "\0?".to_owned();
    }
    let braced = letters.next_if_eq(&'{').is_some();
    let mut name = String::new();
    while let Some(letter) = letters.next_if(|letter| letter.is_alphanumeric() || *letter == '_') {
        name.push(letter);
    }
    if braced {
        letters.next_if_eq(&'}');
    }
    match name.as_str() {
        "" => "$".to_owned(),
        name => variable(name).unwrap_or_default().to_owned(),
    }
}
