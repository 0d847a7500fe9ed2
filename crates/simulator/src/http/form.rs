//! In which form an answer is wanted: content negotiation as the API server does it.

use http::StatusCode;

use crate::status::Refusal;

/// What becomes of each object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The object.
    Object,
    /// `PartialObjectMetadata`.
    Metadata,
    /// A row of a `Table`.
    Table,
}

/// What a row of a Table holds beside its cells: the parameter `includeObject`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Include {
    None,
    Metadata,
    Object,
}

impl Include {
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, Refusal> {
        match text {
            None | Some("Metadata") => Ok(Self::Metadata),
            Some("None") => Ok(Self::None),
            Some("Object") => Ok(Self::Object),
            Some(other) => Err(Refusal::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be 'Metadata', \
                 'Object', 'None', or empty"
            ))),
        }
    }
}

/// What lists and watches can be; all else cannot be streams.
const OBJECTS: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf, \
    application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

/// One entry of an Accept header.
pub(crate) struct Media<'a> {
    pub(crate) kind: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Media<'a> {
    pub(crate) fn parameter(&self, name: &str) -> &'a str {
        self.parameters
            .iter()
            .find(|(key, _)| *key == name)
            .map_or("", |(_, value)| value)
    }
}

/// The entries of an Accept header in the order in which they are tried.
pub(crate) fn accepted(accept: &str) -> Vec<Media<'_>> {
    accept
        .split(',')
        .map(|entry| {
            let mut fields = entry.split(';').map(str::trim);
            let kind = fields.next().unwrap_or_default();
            Media {
                kind,
                parameters: fields.filter_map(|f| f.split_once('=')).collect(),
            }
        })
        .filter(|media| !media.kind.is_empty())
        .collect()
}

/// The form for an answer of objects. What the API server would send as YAML or protobuf is passed over when another
/// entry can be served, and refused with 501 when none can.
pub(crate) fn negotiate(accept: &str) -> Result<Form, Refusal> {
    let accepted = accepted(accept);
    if accepted.is_empty() {
        return Ok(Form::Object);
    }
    let mut known_elsewhere = None;
    let mut unknown_form = false;
    for media in &accepted {
        match media.kind {
            "application/json" | "*/*" => match (media.parameter("as"), media.parameter("g")) {
                ("", _) => return Ok(Form::Object),
                ("Table", "meta.k8s.io") if media.parameter("v") == "v1" => return Ok(Form::Table),
                ("PartialObjectMetadata" | "PartialObjectMetadataList", "meta.k8s.io")
                    if media.parameter("v") == "v1" =>
                {
                    return Ok(Form::Metadata);
                }
                _ => unknown_form = true,
            },
            "application/yaml" | "application/vnd.kubernetes.protobuf" | "application/cbor" => {
                known_elsewhere = Some(media.kind);
            }
            _ => {}
        }
    }
    match known_elsewhere {
        Some(kind) => Err(Refusal::unsupported(&format!("answers as {kind}"))),
        None if unknown_form => Err(only_known_types()),
        None => Err(Refusal::not_acceptable(OBJECTS)),
    }
}

/// The form for an answer to a request with a certain verb.
pub(crate) fn negotiate_for(verb: &str, accept: &str) -> Result<Form, Refusal> {
    negotiate(accept).map_err(|refusal| match verb {
        "list" | "watch" => refusal,
        _ if refusal == Refusal::not_acceptable(OBJECTS) => {
            let streams = OBJECTS.find(", application/json;stream");
            let single = streams.and_then(|end| OBJECTS.get(..end)).unwrap_or(OBJECTS);
            Refusal::not_acceptable(single)
        }
        _ => refusal,
    })
}

fn only_known_types() -> Refusal {
    let message = "only the following media types are accepted: application/json, application/yaml, \
        application/vnd.kubernetes.protobuf";
    Refusal::other(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", message, None)
}

/// Whether somebody who asks for a stream would take an error; as what the stream itself comes does not matter.
pub(crate) fn check_stream(accept: &str) -> Result<(), Refusal> {
    match negotiate(accept) {
        Err(refusal) if refusal.code == StatusCode::NOT_ACCEPTABLE => Err(only_known_types()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_entry_that_can_be_served_wins() {
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
        assert_eq!(negotiate(table), Ok(Form::Table));
        assert_eq!(
            negotiate("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"),
            Ok(Form::Object)
        );
        assert_eq!(
            negotiate("application/vnd.kubernetes.protobuf,application/json"),
            Ok(Form::Object)
        );
        assert_eq!(negotiate(""), Ok(Form::Object));
    }

    #[test]
    fn what_cannot_be_served_says_whether_a_real_server_could() {
        assert_eq!(negotiate("text/html").unwrap_err().code, 406);
        assert_eq!(negotiate("application/yaml").unwrap_err().code, 501);
    }
}
