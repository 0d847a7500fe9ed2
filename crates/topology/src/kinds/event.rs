//! Event.

use super::draft::{Draft, Outcome};
use super::meta::{self, Meta};
use crate::facts::Facts;
use crate::json::{Lax, Text, slim};
use crate::rules::events;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};

slim! {
    struct Event<'a> {
        metadata: Meta<'a>,
        involved_object: Lax<Involved<'a>>,
        #[serde(rename = "type")]
        kind: Text<'a>,
        reason: Text<'a>,
        message: Text<'a>,
        count: Lax<i64>,
        first_timestamp: Text<'a>,
        last_timestamp: Text<'a>,
        event_time: Text<'a>,
        series: Option<Series<'a>>,
        source: Lax<Source<'a>>,
        reporting_component: Text<'a>,
        reporting_instance: Text<'a>,
    }

    /// The object that an event tells of.
    pub(crate) struct Involved<'a> {
        pub api_version: Text<'a>,
        pub kind: Text<'a>,
        pub namespace: Text<'a>,
        pub name: Text<'a>,
        pub uid: Text<'a>,
        pub field_path: Text<'a>,
    }

    struct Series<'a> {
        count: Lax<i64>,
        last_observed_time: Text<'a>,
    }

    struct Source<'a> {
        component: Text<'a>,
        host: Text<'a>,
    }
}

pub(super) fn read(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let event: Event<'_> = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &event.metadata, symbols);
    let object = &event.involved_object;
    events::involved(object, &mut draft);
    let first_of = |texts: &[&Text<'_>]| {
        let time = texts.iter().find_map(|text| meta::time(text));
        time.map_or(Cell::Unknown, Cell::Time)
    };
    let first = first_of(&[&event.first_timestamp, &event.event_time]);
    let (last, count) = match &event.series {
        Some(series) => (first_of(&[&series.last_observed_time]), *series.count),
        None => {
            let last = [&event.last_timestamp, &event.first_timestamp, &event.event_time];
            (first_of(&last), if *event.count == 0 { 1 } else { *event.count })
        }
    };
    let or = |text: &Text<'_>, other: &Text<'_>| match &**text {
        "" => other.to_string(),
        text => text.to_owned(),
    };
    let who = or(&event.source.component, &event.reporting_component);
    let host = or(&event.source.host, &event.reporting_instance);
    let comma = if host.is_empty() { "" } else { ", " };
    let outcome = match &*event.kind {
        "Warning" => Outcome::new("Warning", Health::Warning).because(event.message.trim()),
        word => Outcome::new(word, Health::Healthy),
    };
    let cells = vec![
        draft.name_cell(),
        last,
        Cell::Text(event.kind.to_string()),
        Cell::Text(event.reason.to_string()),
        Cell::Text(about(object)),
        Cell::Text(object.field_path.to_string()),
        Cell::Text(format!("{who}{comma}{host}")),
        Cell::Text(event.message.trim().to_owned()),
        first,
        Cell::Text(count.to_string()),
    ];
    Ok(draft.finish(outcome, cells))
}

/// `pod/cart-0`, or the kind alone.
fn about(object: &Involved<'_>) -> String {
    let kind = object.kind.to_lowercase();
    match &*object.name {
        "" => kind,
        name => format!("{kind}/{name}"),
    }
}
