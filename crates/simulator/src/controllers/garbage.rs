//! The garbage collector: what nobody owns any more goes.

use serde_json::{Value, json};

use super::json::{is_going, is_true, list, text, uid};
use super::kind::Kind;
use super::world::World;
use crate::store::Key;

pub(crate) mod others;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Looks at an object after it, or one of its owners, has changed.
pub(crate) fn reconcile(world: &mut World, kind: Kind, place: &Key) {
    let Some(object) = world.get(kind, place) else {
        return;
    };
    if is_going(&object) {
        release(world, kind, &object);
        return;
    }
    let owners = list(&object, "/metadata/ownerReferences");
    if owners.is_empty() {
        return;
    }
    let mut waiting = false;
    let mut solid = 0_usize;
    for owner in owners {
        let Some(owner_kind) = Kind::of(text(owner, "/apiVersion"), text(owner, "/kind")) else {
            // In the past, and for who is of a kind that is not served, nobody can say: it is taken to be there.
            let gone = !world.past && others::is_there(world, &place.namespace, owner) == Some(false);
            solid += usize::from(!gone);
            continue;
        };
        let Some(found) = owner_of(world, owner_kind, &place.namespace, owner) else {
            continue;
        };
        let foreground = is_going(&found) && has_finalizer(&found, FOREGROUND);
        waiting |= foreground && is_true(owner, "/blockOwnerDeletion");
        if !foreground {
            solid += 1;
        }
    }
    if solid > 0 {
        return;
    }
    // What holds up an owner that waits for it has to see its own dependents go first.
    if waiting && !world.dependents(uid(&object)).is_empty() {
        let mut next = Value::clone(&object);
        super::pods::push(&mut next["metadata"], "finalizers", json!(FOREGROUND));
        world.update(kind, next);
    }
    world.delete(kind, place);
}

fn owner_of(world: &World, kind: Kind, space: &str, owner: &Value) -> Option<std::sync::Arc<Value>> {
    let wanted = text(owner, "/uid");
    [space, ""]
        .iter()
        .filter_map(|space| world.find(kind, space, text(owner, "/name")))
        .find(|found| uid(found) == wanted)
}

fn has_finalizer(object: &Value, finalizer: &str) -> bool {
    list(object, "/metadata/finalizers")
        .iter()
        .any(|one| one == finalizer)
}

/// Takes the collector's own finalizers away once their work is done.
fn release(world: &mut World, kind: Kind, object: &Value) {
    let own = uid(object);
    let dependents = world.dependents(own);
    if has_finalizer(object, ORPHAN) {
        for (kind, place) in dependents {
            let Some(dependent) = world.get(kind, &place) else {
                continue;
            };
            let mut next = Value::clone(&dependent);
            if let Some(owners) = next["metadata"]["ownerReferences"].as_array_mut() {
                owners.retain(|owner| text(owner, "/uid") != own);
            }
            if list(&next, "/metadata/ownerReferences").is_empty() {
                super::json::remove(&mut next, "/metadata", "ownerReferences");
            }
            world.update(kind, next);
        }
        others::orphan(world, own);
        drop_finalizer(world, kind, object, ORPHAN);
    } else if has_finalizer(object, FOREGROUND) {
        let blocking = dependents.iter().any(|(kind, place)| {
            world.get(*kind, place).is_some_and(|dependent| {
                list(&dependent, "/metadata/ownerReferences")
                    .iter()
                    .any(|owner| text(owner, "/uid") == own && is_true(owner, "/blockOwnerDeletion"))
            })
        });
        if blocking {
            for (kind, place) in dependents {
                reconcile_dependent(world, kind, &place);
            }
        } else {
            drop_finalizer(world, kind, object, FOREGROUND);
        }
    }
}

fn reconcile_dependent(world: &mut World, kind: Kind, place: &Key) {
    let going = world.get(kind, place).is_some_and(|object| is_going(&object));
    if !going {
        reconcile(world, kind, place);
    }
}

fn drop_finalizer(world: &mut World, kind: Kind, object: &Value, finalizer: &str) {
    let Some(current) = world.get(kind, &super::json::key(object)) else {
        return;
    };
    let mut next = Value::clone(&current);
    if let Some(finalizers) = next["metadata"]["finalizers"].as_array_mut() {
        finalizers.retain(|one| one != finalizer);
    }
    if list(&next, "/metadata/finalizers").is_empty() {
        super::json::remove(&mut next, "/metadata", "finalizers");
    }
    world.update(kind, next);
}
