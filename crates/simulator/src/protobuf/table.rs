//! Which number is which field: `data/protobuf.txt`, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../data/protobuf.txt");

/// The fields of a message by their numbers.
pub(super) struct Message {
    pub(super) fields: HashMap<u32, Field>,
}

pub(super) struct Field {
    /// As in JSON.
    pub(super) name: &'static str,
    /// JSON shows its fields among those of the message itself.
    pub(super) inlined: bool,
    pub(super) is_list: bool,
    pub(super) is_map: bool,
    pub(super) holds: Holds,
}

pub(super) enum Holds {
    Text,
    Integer,
    Boolean,
    Bytes,
    Message(&'static str),
}

static MESSAGES: LazyLock<HashMap<&'static str, Message>> = LazyLock::new(|| {
    let lines = TEXT.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut words = line.split(' ');
            let name = words.next()?;
            let fields = words.filter_map(field).collect();
            Some((name, Message { fields }))
        })
        .collect()
});

/// `6=ports:*core.v1.ContainerPort`.
fn field(text: &'static str) -> Option<(u32, Field)> {
    let (number, rest) = text.split_once('=')?;
    let (name, holds) = rest.split_once(':')?;
    let (is_list, is_map) = (holds.starts_with('*'), holds.starts_with('%'));
    let holds = match holds.trim_start_matches(['*', '%']) {
        "s" => Holds::Text,
        "i" => Holds::Integer,
        "b" => Holds::Boolean,
        "y" => Holds::Bytes,
        message => Holds::Message(message),
    };
    let field = Field {
        name: name.trim_start_matches('~'),
        inlined: name.starts_with('~'),
        is_list,
        is_map,
        holds,
    };
    Some((number.parse().ok()?, field))
}

/// A message by its name: `core.v1.Pod`.
pub(super) fn message(name: &str) -> Option<&'static Message> {
    MESSAGES.get(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_can_be_read_and_names_only_what_is_there() {
        let special = [
            "Time",
            "MicroTime",
            "Quantity",
            "IntOrString",
            "FieldsV1",
            "RawExtension",
            "ExtraValue",
        ];
        for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
            for word in line.split(' ').skip(1) {
                let (_, field) = field(word).unwrap_or_else(|| panic!("{line}: {word}"));
                if let Holds::Message(name) = field.holds {
                    let known =
                        message(name).is_some() || special.contains(&name.rsplit('.').next().unwrap());
                    assert!(known, "{line}: {name}");
                }
            }
        }
        assert!(message("core.v1.Pod").is_some_and(|pod| pod.fields.len() == 3));
    }
}
