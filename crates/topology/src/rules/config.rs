//! mounts and reads of ConfigMaps and Secrets; pulls-with.

use super::Rule;
use crate::facts::Detail;
use crate::kinds::{Draft, Named};
use crate::pod_spec::{Container, SecretSource, Source, Volume};

impl Source<'_> {
    /// As the field `at` names it.
    fn named(&self, kind: &'static str, at: &str) -> Named<'_> {
        Named {
            optional: *self.optional,
            ..Named::new(kind, &self.name, format!("{at}.name"))
        }
    }
}

impl SecretSource<'_> {
    /// As the field `at` names it.
    fn named(&self, at: &str) -> Named<'_> {
        Named {
            optional: *self.optional,
            ..Named::new("Secret", &self.secret_name, format!("{at}.secretName"))
        }
    }
}

/// The ConfigMaps and Secrets that a volume names, in any of the sources that can.
pub(super) fn volume(rule: &'static Rule, volume: &Volume<'_>, path: &str, draft: &mut Draft<'_>) {
    let mut add = |named: Option<Named<'_>>| {
        if let Some(named) = named {
            draft.refer(rule, named);
        }
    };
    let at = |field: &str| format!("{path}.{field}");
    add(volume
        .config_map
        .as_ref()
        .map(|own| own.named("ConfigMap", &at("configMap"))));
    add(volume.secret.as_ref().map(|own| own.named(&at("secret"))));
    add(volume.azure_file.as_ref().map(|own| own.named(&at("azureFile"))));
    for (index, source) in volume.projected.sources.iter().enumerate() {
        let at = at(&format!("projected.sources[{index}]"));
        add(source
            .config_map
            .as_ref()
            .map(|own| own.named("ConfigMap", &format!("{at}.configMap"))));
        add(source
            .secret
            .as_ref()
            .map(|own| own.named("Secret", &format!("{at}.secret"))));
    }
    let secrets = [
        ("csi.nodePublishSecretRef", &volume.csi.node_publish_secret_ref),
        ("cephfs.secretRef", &volume.cephfs.secret_ref),
        ("cinder.secretRef", &volume.cinder.secret_ref),
        ("flexVolume.secretRef", &volume.flex_volume.secret_ref),
        ("iscsi.secretRef", &volume.iscsi.secret_ref),
        ("rbd.secretRef", &volume.rbd.secret_ref),
        ("scaleIO.secretRef", &volume.scale_io.secret_ref),
        ("storageos.secretRef", &volume.storageos.secret_ref),
    ];
    for (field, source) in secrets {
        add(source.as_ref().map(|own| own.named("Secret", &at(field))));
    }
}

/// The ConfigMaps and Secrets that a container takes its environment from.
pub(super) fn environment(rule: &'static Rule, container: &Container<'_>, path: &str, draft: &mut Draft<'_>) {
    let mut add = |kind, source: &Option<Source<'_>>, field: String| {
        if let Some(source) = source {
            let detail = if source.key.is_empty() {
                Detail::None
            } else {
                Detail::Key(draft.intern(&source.key))
            };
            let named = Named {
                detail,
                ..source.named(kind, &format!("{path}.{field}"))
            };
            draft.refer(rule, named);
        }
    };
    for (index, env) in container.env.iter().enumerate() {
        let (from, at) = (&env.value_from, format!("env[{index}].valueFrom"));
        add(
            "ConfigMap",
            &from.config_map_key_ref,
            format!("{at}.configMapKeyRef"),
        );
        add("Secret", &from.secret_key_ref, format!("{at}.secretKeyRef"));
    }
    for (index, from) in container.env_from.iter().enumerate() {
        let at = format!("envFrom[{index}]");
        add("ConfigMap", &from.config_map_ref, format!("{at}.configMapRef"));
        add("Secret", &from.secret_ref, format!("{at}.secretRef"));
    }
}

/// The Secrets of registries that images are pulled with.
pub(crate) fn pull_secrets(rule: &'static Rule, secrets: &[Source<'_>], path: &str, draft: &mut Draft<'_>) {
    for (index, secret) in secrets.iter().enumerate() {
        draft.refer(
            rule,
            Named::new("Secret", &secret.name, format!("{path}[{index}].name")),
        );
    }
}
