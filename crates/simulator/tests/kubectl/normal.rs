//! What two clusters cannot have in common is taken out of what kubectl prints.

/// The letters of names that the API server makes up.
const LETTERS: &str = "bcdfghjklmnpqrstvwxz2456789";

/// A text with one space between words, and without what is different in every cluster.
pub fn normal(text: &str) -> String {
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn line(line: &str) -> String {
    // The two files that kubectl diff compares, in folders with random names.
    if let Some(file) = ["--- /tmp/", "+++ /tmp/"]
        .iter()
        .find_map(|start| line.strip_prefix(start))
    {
        let file = file.split('/').nth(1).unwrap_or_default();
        return format!("{} {}", &line[..3], file.split('\t').next().unwrap_or_default());
    }
    if line.starts_with("diff ") {
        return "diff".to_owned();
    }
    // Times in prose, as describe has them.
    if let Some((before, _)) = line.split_once(" +0000") {
        let field = before.split(':').next().unwrap_or_default();
        return format!("{}: <time>", field.trim());
    }
    if let Some((before, _)) = line.split_once("resourceVersion") {
        return format!("{before}resourceVersion");
    }
    let indent = line.len() - line.trim_start().len();
    // The version of a kubelet that is none.
    let words = line.split_whitespace().filter(|word| !word.starts_with("kwok-"));
    let words: Vec<String> = words.map(word).collect();
    let text = words.join(" ");
    // How often an event came until somebody looked.
    let text = match text
        .split_once(" (x")
        .and_then(|(before, rest)| Some((before, rest.split_once(')')?.1)))
    {
        Some((before, after)) => format!("{before}{after}"),
        None => text,
    };
    format!("{}{text}", " ".repeat(indent))
}

fn word(text: &str) -> String {
    let mut normal = String::new();
    let mut part = String::new();
    for letter in text.chars().chain(['\n']) {
        if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | ':') {
            part.push(letter);
            continue;
        }
        normal.push_str(&token(&std::mem::take(&mut part)));
        if letter != '\n' {
            normal.push(letter);
        }
    }
    normal
}

fn token(text: &str) -> String {
    let bare = text.trim_end_matches(':');
    let end = &text[bare.len()..];
    let shown = if bare.is_empty() {
        String::new()
    } else if is_age(bare) {
        "<age>".to_owned()
    } else if bare.len() == 20 && bare.ends_with('Z') && bare.as_bytes()[10] == b'T' {
        "<time>".to_owned()
    } else if is_uid(bare) {
        "<uid>".to_owned()
    } else if is_address(bare) {
        "<address>".to_owned()
    } else if is_node(bare) {
        "<node>".to_owned()
    } else if bare
        .parse::<u32>()
        .is_ok_and(|port| (30_000..32_768).contains(&port))
    {
        "<port>".to_owned()
    } else {
        let parts = bare.split('-').enumerate().map(|(index, part)| {
            let random =
                matches!(part.len(), 5 | 8..=10) && part.chars().all(|letter| LETTERS.contains(letter));
            // A number alone is a resourceVersion or a count.
            if random && (index > 0 || !part.chars().all(|letter| letter.is_ascii_digit())) {
                "<random>"
            } else {
                part
            }
        });
        parts.collect::<Vec<_>>().join("-")
    };
    format!("{shown}{end}")
}

fn is_age(text: &str) -> bool {
    let units = text.chars().filter(|letter| !letter.is_ascii_digit()).count();
    (1..=2).contains(&units)
        && text.starts_with(|letter: char| letter.is_ascii_digit())
        && text.ends_with(['s', 'm', 'h', 'd', 'y'])
        && text
            .chars()
            .all(|letter| letter.is_ascii_digit() || "smhdy".contains(letter))
}

/// A node of both clusters: which of them gets a pod depends on what else a cluster is used for.
fn is_node(text: &str) -> bool {
    text.strip_prefix("node-")
        .is_some_and(|number| number.parse::<u8>().is_ok())
}

fn is_uid(text: &str) -> bool {
    text.len() == 36
        && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text
            .chars()
            .all(|letter| letter.is_ascii_hexdigit() || letter == '-')
}

fn is_address(text: &str) -> bool {
    let host = text.split(':').next().unwrap_or_default();
    host.split('.').count() == 4 && host.split('.').all(|part| part.parse::<u8>().is_ok())
}

#[test]
fn what_differs_is_taken_out_and_nothing_else() {
    assert_eq!(
        normal("web-5d4f7c9b66-x2k4z   1/1  Running  2 (30s ago)  10.0.0.7"),
        "web-<random>-<random> 1/1 Running 2 (<age> ago) <address>"
    );
    assert_eq!(
        normal("  uid: 123e4567-e89b-12d3-a456-426614174000"),
        "  uid: <uid>"
    );
    assert_eq!(
        normal("Created: Sat, 21 Nov 2026 14:00:00 +0000"),
        "Created: <time>"
    );
}
