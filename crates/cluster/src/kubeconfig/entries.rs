//! The entries of several files, merged: the first of a name wins.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_yaml_ng::Mapping;

use super::fields::FieldProblem;
use super::file::{File, FileProblem, Named};

/// An entry with the file that it stands in: relative paths in it start at that file's folder.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub file: &'a Path,
    pub named: &'a Named,
}

impl<'a> Entry<'a> {
    pub fn value(&self) -> Result<&'a Mapping, &'a FieldProblem> {
        self.named.value.as_ref()
    }

    /// The folder that relative paths start at.
    pub fn folder(&self) -> &'a Path {
        self.file.parent().unwrap_or(Path::new(""))
    }
}

/// All entries of a source.
#[derive(Default)]
pub(super) struct Entries<'a> {
    /// In the order of the files.
    pub contexts: Vec<Entry<'a>>,
    pub clusters: BTreeMap<&'a str, Entry<'a>>,
    pub users: BTreeMap<&'a str, Entry<'a>>,
    pub current: Option<&'a str>,
    /// Entries that an earlier one of the same name hides.
    pub hidden: Vec<FileProblem>,
}

impl<'a> Entries<'a> {
    /// The rules of client-go's `ClientConfigLoadingRules`: for each name the first file that has it, for
    /// `current-context` the first file that sets it.
    pub fn merge(files: &'a [Arc<File>]) -> Self {
        let mut merged = Self::default();
        let mut seen: BTreeMap<&str, Entry> = BTreeMap::new();
        for file in files {
            let entry = |named| Entry {
                file: &file.path,
                named,
            };
            for named in &file.contexts {
                match seen.get(named.name.as_str()) {
                    None => {
                        seen.insert(&named.name, entry(named));
                        merged.contexts.push(entry(named));
                    }
                    // The same file twice, or a copy of it, hides nothing.
                    Some(first) if first.named.value == named.value => {}
                    Some(first) => merged.hidden.push(FileProblem {
                        path: file.path.clone(),
                        message: format!(
                            "the context `{}` is not used: {} has one of the same name, and the first wins; rename one",
                            named.name,
                            first.file.display()
                        ),
                    }),
                }
            }
            let kept = [
                ("cluster", &file.clusters, &mut merged.clusters),
                ("user", &file.users, &mut merged.users),
            ];
            for (what, list, kept) in kept {
                for named in list {
                    let first = *kept.entry(&named.name).or_insert(entry(named));
                    if first.named.value != named.value && file.uses(what, &named.name) {
                        merged.hidden.push(FileProblem {
                            path: file.path.clone(),
                            message: format!(
                                "the {what} `{}` is not used: {} has one of the same name, and the first wins, as in \
                                 kubectl, also for the contexts of this file; rename one",
                                named.name,
                                first.file.display()
                            ),
                        });
                    }
                }
            }
            merged.current = merged.current.or(file.current.as_deref());
        }
        merged
    }
}
