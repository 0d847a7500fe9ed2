//! VolumeAttachment, CSIDriver, CSINode.

use super::draft::{Draft, Outcome};
use super::meta::Meta;
use crate::facts::Facts;
use crate::json::{Lax, Text, slim};
use crate::rules::storage;
use crate::symbols::Symbols;
use model::list::Cell;
use model::{Health, KindId};

slim! {
    struct Attachment<'a> {
        metadata: Meta<'a>,
        spec: Lax<AttachmentSpec<'a>>,
        status: Lax<AttachmentStatus<'a>>,
    }

    struct AttachmentSpec<'a> {
        attacher: Text<'a>,
        node_name: Text<'a>,
        source: Lax<AttachmentSource<'a>>,
    }

    struct AttachmentSource<'a> {
        persistent_volume_name: Text<'a>,
    }

    struct AttachmentStatus<'a> {
        attached: Lax<bool>,
        attach_error: Lax<Failure<'a>>,
        detach_error: Lax<Failure<'a>>,
    }

    struct Failure<'a> {
        message: Text<'a>,
    }

    struct Driver<'a> {
        metadata: Meta<'a>,
        spec: Lax<DriverSpec<'a>>,
    }

    struct DriverSpec<'a> {
        attach_required: Option<bool>,
        pod_info_on_mount: Lax<bool>,
        storage_capacity: Lax<bool>,
        token_requests: Lax<Vec<TokenRequest<'a>>>,
        requires_republish: Lax<bool>,
        volume_lifecycle_modes: Lax<Vec<Text<'a>>>,
    }

    struct TokenRequest<'a> {
        audience: Text<'a>,
    }

    struct Node<'a> {
        metadata: Meta<'a>,
        spec: Lax<NodeSpec<'a>>,
    }

    struct NodeDriver<'a> {
        #[serde(rename = "name")]
        _name: Text<'a>,
    }

    struct NodeSpec<'a> {
        drivers: Lax<Vec<NodeDriver<'a>>>,
    }
}

pub(super) fn attachment(
    kind: KindId,
    json: &[u8],
    symbols: &mut Symbols,
) -> Result<Facts, serde_json::Error> {
    let Attachment {
        metadata,
        spec,
        status,
    } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    let volume = &spec.source.persistent_volume_name;
    storage::attachment(volume, &spec.node_name, &mut draft);
    let failure = [&status.attach_error, &status.detach_error]
        .into_iter()
        .find(|failure| !failure.message.is_empty());
    let outcome = match failure {
        Some(failure) => Outcome::new("", Health::Unhealthy).because(&*failure.message),
        None if *status.attached => Outcome::new("", Health::Healthy),
        None => Outcome::new("", Health::Progressing).because("It is not attached yet"),
    };
    let cells = vec![
        draft.name_cell(),
        Cell::Text(spec.attacher.to_string()),
        Cell::Text(volume.to_string()),
        Cell::Text(spec.node_name.to_string()),
        Cell::Text(status.attached.to_string()),
        draft.age_cell(),
    ];
    Ok(draft.finish(outcome, cells))
}

pub(super) fn driver(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Driver { metadata, spec } = serde_json::from_slice(json)?;
    let draft = Draft::new(kind, &metadata, symbols);
    let audiences: Vec<&str> = spec
        .token_requests
        .iter()
        .map(|request| &*request.audience)
        .collect();
    let modes: Vec<&str> = spec.volume_lifecycle_modes.iter().map(|mode| &**mode).collect();
    let audiences = if audiences.is_empty() {
        "<unset>".to_owned()
    } else {
        audiences.join(",")
    };
    let cells = vec![
        draft.name_cell(),
        Cell::Text(spec.attach_required.unwrap_or(true).to_string()),
        Cell::Text(spec.pod_info_on_mount.to_string()),
        Cell::Text(spec.storage_capacity.to_string()),
        Cell::Text(audiences),
        Cell::Text(spec.requires_republish.to_string()),
        Cell::text(modes.join(",")),
        draft.age_cell(),
    ];
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}

pub(super) fn node(kind: KindId, json: &[u8], symbols: &mut Symbols) -> Result<Facts, serde_json::Error> {
    let Node { metadata, spec } = serde_json::from_slice(json)?;
    let mut draft = Draft::new(kind, &metadata, symbols);
    storage::csi_node(&mut draft);
    let cells = vec![
        draft.name_cell(),
        i64::try_from(spec.drivers.len()).map_or(Cell::Unknown, Cell::Number),
        draft.age_cell(),
    ];
    Ok(draft.finish(Outcome::new("", Health::Healthy), cells))
}
