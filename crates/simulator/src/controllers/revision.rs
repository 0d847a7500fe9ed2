//! ControllerRevisions: the templates that StatefulSets and DaemonSets had.

use serde_json::{Value, json};

use super::json::{int, key, name, namespace, owner_reference, template_hash, text, uid};
use super::kind::Kind;
use super::world::World;

/// The hash of an owner's template as of now; its revision is made, or becomes the newest again.
pub(crate) fn ensure(world: &mut World, kind: Kind, owner: &Value) -> String {
    let template = &owner["spec"]["template"];
    let hash = template_hash(template);
    let revisions = world.owned_by(uid(owner), Kind::Revision);
    let newest = revisions
        .iter()
        .filter_map(|r| int(r, "/revision"))
        .max()
        .unwrap_or_default();
    let label =
        |revision: &Value| text(revision, "/metadata/labels/controller.kubernetes.io~1hash").to_owned();
    match revisions.iter().find(|revision| label(revision) == hash) {
        Some(revision) if int(revision, "/revision") == Some(newest) => {}
        Some(revision) => {
            let mut next = Value::clone(revision);
            next["revision"] = json!(newest + 1);
            world.update(Kind::Revision, next);
        }
        None => {
            let mut labels = template["metadata"]["labels"].clone();
            labels["controller.kubernetes.io/hash"] = json!(hash);
            let mut patch = template.clone();
            patch["$patch"] = json!("replace");
            let revision = json!({
                "metadata": {
                    "name": format!("{}-{hash}", name(owner)), "namespace": namespace(owner), "labels": labels,
                    "ownerReferences": owner_reference(kind, owner),
                },
                "data": {"spec": {"template": patch}}, "revision": newest + 1,
            });
            world.create(Kind::Revision, revision);
            let limit =
                usize::try_from(int(owner, "/spec/revisionHistoryLimit").unwrap_or(10)).unwrap_or_default();
            let mut old = revisions;
            old.sort_by_key(|revision| int(revision, "/revision"));
            for gone in old.iter().take(old.len().saturating_sub(limit)) {
                world.delete(Kind::Revision, &key(gone));
            }
        }
    }
    hash
}
