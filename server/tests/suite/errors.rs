//! Every error code has its page.

use model::ErrorCode;
use std::collections::BTreeSet;
use std::path::Path;

const CODES: [ErrorCode; 20] = [
    ErrorCode::BadRequest,
    ErrorCode::Unauthenticated,
    ErrorCode::Forbidden,
    ErrorCode::OriginRefused,
    ErrorCode::CsrfRefused,
    ErrorCode::RouteNotFound,
    ErrorCode::MethodNotAllowed,
    ErrorCode::ClusterNotFound,
    ErrorCode::KindNotFound,
    ErrorCode::ObjectNotFound,
    ErrorCode::Conflict,
    ErrorCode::TooLarge,
    ErrorCode::HostRefused,
    ErrorCode::Invalid,
    ErrorCode::TooMany,
    ErrorCode::Internal,
    ErrorCode::Syncing,
    ErrorCode::ClusterUnavailable,
    ErrorCode::ShuttingDown,
    ErrorCode::Timeout,
];

/// No code can be added without this list, and with it a page: the match has no other arm.
fn is_listed(code: ErrorCode) -> bool {
    match code {
        ErrorCode::BadRequest
        | ErrorCode::Unauthenticated
        | ErrorCode::Forbidden
        | ErrorCode::OriginRefused
        | ErrorCode::CsrfRefused
        | ErrorCode::RouteNotFound
        | ErrorCode::MethodNotAllowed
        | ErrorCode::ClusterNotFound
        | ErrorCode::KindNotFound
        | ErrorCode::ObjectNotFound
        | ErrorCode::Conflict
        | ErrorCode::TooLarge
        | ErrorCode::HostRefused
        | ErrorCode::Invalid
        | ErrorCode::TooMany
        | ErrorCode::Internal
        | ErrorCode::Syncing
        | ErrorCode::ClusterUnavailable
        | ErrorCode::ShuttingDown
        | ErrorCode::Timeout => CODES.contains(&code),
    }
}

#[test]
fn every_code_has_its_page() {
    let folder = Path::new("../docs/errors");
    let mut expected = BTreeSet::new();
    for code in CODES {
        assert!(is_listed(code));
        let word = code.word();
        let path = folder.join(format!("{word}.md"));
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(
            text.starts_with(&format!("# `{word}` ({})\n", code.status())),
            "{word}"
        );
        for heading in ["## Meaning", "## Likely causes", "## What to do"] {
            assert!(text.contains(heading), "{word} lacks {heading}");
        }
        expected.insert(format!("{word}.md"));
    }
    let pages = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages: BTreeSet<String> = pages.filter(|name| name != "README.md").collect();
    assert_eq!(pages, expected, "a page without a code");
}
