use anyhow::{Context as _, Result};
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::case::{Case, Step, apply, case, delete, get, json_patch, merge_patch, post, put, raw, strategic};
use crate::run::compare;

pub const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
pub const DEFINITION: &str =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{ns}.example.com";
pub const WIDGETS: &str = "/apis/{ns}.example.com/v1/namespaces/{ns}/widgets";
pub const WIDGET: &str = "/apis/{ns}.example.com/v1/namespaces/{ns}/widgets/a";

/// A definition of widgets with one version.
pub fn definition(version: Value) -> Value {
    let mut whole = json!({"name": "v1", "served": true, "storage": true});
    for (key, value) in version.as_object().into_iter().flatten() {
        whole[key] = value.clone();
    }
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.{ns}.example.com"},
        "spec": {"group": "{ns}.example.com", "scope": "Namespaced", "versions": [whole],
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wd"], "categories": ["all-{ns}"]}},
    })
}

pub fn spec_of(properties: Value) -> Value {
    json!({"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": properties},
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}})
}

/// What is compared of a watch that ends with an error.
const WATCHED: [&str; 4] = [
    "/code",
    "/body/0/type",
    "/body/0/object/code",
    "/body/0/object/reason",
];

/// The steps that make a definition and wait until it is served.
fn served(definition: Value) -> Vec<Step> {
    vec![
        post(DEFINITIONS, definition).only(&["/code", "/body/message", "/body/details"]),
        get(DEFINITION)
            .until("/body/status/conditions/1/status", json!("True"))
            .quiet(),
        get(WIDGETS).until("/code", json!(200)).quiet(),
    ]
}

pub fn with(name: &'static str, definition: Value, steps: impl IntoIterator<Item = Step>) -> Case {
    let mut all = served(definition);
    all.extend(steps);
    all.push(delete(DEFINITION).quiet());
    case(name, all)
}

pub fn widget(spec: Value) -> Value {
    json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": spec})
}

fn simple() -> Value {
    definition(json!({"schema": spec_of(json!({
        "size": {"type": "integer"}, "color": {"type": "string", "default": "red"},
        "parts": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string"}, "count": {"type": "integer", "default": 1}}},
            "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "plain": {"type": "array", "items": {"type": "string"}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    })), "subresources": {"status": {}}}))
}

#[tokio::test]
async fn definitions() -> Result<()> {
    let without = |pointer: &str| {
        let mut definition = simple();
        let (parent, field) = pointer.rsplit_once('/').unwrap_or_default();
        let parent = definition.pointer_mut(parent).and_then(Value::as_object_mut);
        parent.map(|fields| fields.remove(field));
        definition
    };
    let mut renamed = simple();
    renamed["metadata"]["name"] = json!("gadgets.{ns}.example.com");
    let watch_of_first = format!("{WIDGETS}?watch=1&timeoutSeconds=1&resourceVersion={{first-rv}}");
    let mut other = widget(json!({"size": 2}));
    other["metadata"]["name"] = json!("b");
    let mut protected = simple();
    protected["metadata"]["name"] = json!("widgets.{ns}.k8s.io");
    protected["spec"]["group"] = json!("{ns}.k8s.io");
    let mut zeros = definition(
        json!({"schema": spec_of(json!({"a": {"type": "string", "minLength": 0, "nullable": false, "description": ""}}))}),
    );
    zeros["spec"]["versions"][0]["additionalPrinterColumns"] =
        json!([{"name": "A", "type": "string", "jsonPath": ".spec.a", "priority": 0}]);
    compare(vec![
        case(
            "a definition from its beginning to its end",
            [
                post(DEFINITIONS, simple()),
                get(DEFINITION).until("/body/status/conditions/1/status", json!("True")),
                get(DEFINITION)
                    .table()
                    .only(&["/body/rows/0/cells/0", "/body/columnDefinitions/0/name"]),
                get(WIDGETS).until("/code", json!(200)),
                post(WIDGETS, widget(json!({"size": 1}))).quiet(),
                delete(DEFINITION).only(&[
                    "/code",
                    "/body/metadata/finalizers",
                    "/body/metadata/generation",
                    "/body/status/conditions/2",
                    "/body/kind",
                ]),
                get(DEFINITION).until("/code", json!(404)),
                get(WIDGETS).until("/code", json!(404)),
            ],
        ),
        with(
            "a watch cannot start before its definition was changed",
            simple(),
            [
                post(WIDGETS, widget(json!({"size": 1}))).quiet(),
                merge_patch(DEFINITION, json!({"spec": {"names": {"shortNames": ["wx"]}}})).quiet(),
                get(&watch_of_first)
                    .until("/body/0/object/code", json!(410))
                    .only(&WATCHED),
            ],
        ),
        with(
            "a definition that is made again has a past, but no watches of it",
            simple(),
            [
                post(WIDGETS, widget(json!({"size": 1}))).quiet(),
                post(WIDGETS, other).quiet(),
                get(&format!("{WIDGETS}?limit=1")).quiet(),
                delete(DEFINITION).quiet(),
                get(DEFINITION).until("/code", json!(404)).quiet(),
                get(WIDGETS).until("/code", json!(404)).quiet(),
                post(DEFINITIONS, simple()).quiet(),
                get(&format!("{WIDGETS}?continue={{continue}}")).until("/code", json!(200)),
                get(&watch_of_first).only(&WATCHED),
                get(WIDGETS).until("/code", json!(200)),
            ],
        ),
        case(
            "definitions with zeros",
            [post(DEFINITIONS, zeros), delete(DEFINITION).quiet()],
        ),
        case(
            "definitions that are refused",
            [
                post(DEFINITIONS, renamed),
                post(DEFINITIONS, protected),
                post(DEFINITIONS, without("/spec/names/plural")).only(&["/code"]),
                post(DEFINITIONS, without("/spec/versions/0/schema")),
                post(
                    DEFINITIONS,
                    definition(json!({"schema": spec_of(json!({"a": {}}))})),
                ),
                post(
                    DEFINITIONS,
                    definition(json!({"schema": spec_of(json!({"a": {"type": "array", "items": {}}}))})),
                ),
                post(
                    &format!("{DEFINITIONS}?fieldValidation=Strict"),
                    definition(json!({"bogus": 1, "schema": spec_of(json!({}))})),
                ),
            ],
        ),
        case(
            "a definition in dry run",
            [
                post(&format!("{DEFINITIONS}?dryRun=All"), simple()),
                get(DEFINITION),
            ],
        ),
        case("discovery of custom resources", {
            let mut steps = served(simple());
            let aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
            steps.extend([
                get("/apis/{ns}.example.com/v1").until("/code", json!(200)),
                get("/apis/{ns}.example.com").until("/code", json!(200)),
                get("/apis").header("accept", aggregated).only(&["/code"]),
                get("/openapi/v3/apis/{ns}.example.com/v1").until("/code", json!(200)).only(&[
                    "/body/openapi",
                    "/body/components/schemas/com.example.{ns}.v1.Widget/type",
                    "/body/components/schemas/com.example.{ns}.v1.Widget/properties/spec",
                    "/body/components/schemas/com.example.{ns}.v1.Widget/properties/status",
                    "/body/components/schemas/com.example.{ns}.v1.Widget/properties/metadata/allOf",
                    "/body/components/schemas/com.example.{ns}.v1.Widget/x-kubernetes-group-version-kind",
                    "/body/components/schemas/com.example.{ns}.v1.WidgetList/properties/items",
                    "/body/components/schemas/com.example.{ns}.v1.WidgetList/required",
                    "/body/components/schemas/com.example.{ns}.v1.WidgetList/x-kubernetes-group-version-kind",
                    "/body/paths/~1apis~1{ns}.example.com~1v1~1namespaces~1{namespace}~1widgets~1{name}~1status/patch/x-kubernetes-group-version-kind",
                    "/body/paths/~1apis~1{ns}.example.com~1v1~1namespaces~1{namespace}~1widgets/post/x-kubernetes-action",
                    "/body/paths/~1apis~1{ns}.example.com~1v1~1widgets/get/x-kubernetes-action",
                    "/body/paths/~1apis~1{ns}.example.com~1v1~1namespaces~1{namespace}~1widgets~1{name}~1scale",
                ]),
                delete(DEFINITION).quiet(),
            ]);
            steps
        }),
        case("a definition that changes", {
            let mut steps = served(simple());
            let beta = json!({"name": "v2", "served": true, "storage": true, "schema": spec_of(json!({"size": {"type": "integer", "maximum": 3}})),
                "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}]});
            steps.extend([
                post(WIDGETS, widget(json!({"size": 2}))).quiet(),
                put(DEFINITION, simple()),
                json_patch(DEFINITION, json!([{"op": "add", "path": "/spec/versions/0/additionalPrinterColumns", "value": [{"name": "Color", "type": "string", "jsonPath": ".spec.color"}]}]))
                    .only(&["/code", "/body/metadata/generation", "/body/spec/versions"]),
                get(WIDGETS).table().until("/body/columnDefinitions/1/name", json!("Color")).only(&["/body/rows/0/cells"]),
                json_patch(DEFINITION, json!([{"op": "replace", "path": "/spec/versions/0/storage", "value": false}, {"op": "add", "path": "/spec/versions/-", "value": beta}]))
                    .only(&["/code", "/body/message", "/body/metadata/generation", "/body/status/storedVersions"]),
                get("/apis/{ns}.example.com/v2/namespaces/{ns}/widgets").table().until("/code", json!(200)).only(&["/body/rows/0/cells"]),
                get("/apis/{ns}.example.com/v2/namespaces/{ns}/widgets/a").only(&["/body/spec", "/body/apiVersion"]),
                post("/apis/{ns}.example.com/v2/namespaces/{ns}/widgets", json!({"apiVersion": "{ns}.example.com/v2", "kind": "Widget", "metadata": {"name": "b"}, "spec": {"size": 4}}))
                    .only(&["/code", "/body/message"]),
                json_patch(DEFINITION, json!([{"op": "remove", "path": "/spec/versions/0"}])).only(&["/code", "/body/message", "/body/details"]),
                json_patch(DEFINITION, json!([{"op": "replace", "path": "/spec/scope", "value": "Cluster"}])).only(&["/code", "/body/message", "/body/details"]),
                json_patch(DEFINITION, json!([{"op": "replace", "path": "/spec/names/kind", "value": "Gadget"}])).only(&["/code", "/body/message", "/body/details"]),
                json_patch(DEFINITION, json!([{"op": "replace", "path": "/spec/versions/0/served", "value": false}])).only(&["/code", "/body/metadata/generation"]),
                get(WIDGETS).until("/code", json!(404)),
                delete(DEFINITION).quiet(),
            ]);
            steps
        }),
        case("two definitions of a group", {
            let mut gadgets = definition(json!({"name": "v1beta1", "schema": spec_of(json!({}))}));
            gadgets["metadata"]["name"] = json!("gadgets.{ns}.example.com");
            gadgets["spec"]["names"] = json!({"plural": "gadgets", "kind": "Gadget"});
            let second = gadgets["spec"]["versions"][0].clone();
            if let Some(versions) = gadgets["spec"]["versions"].as_array_mut() {
                versions.push(second);
                versions[1]["name"] = json!("v1");
                versions[1]["storage"] = json!(false);
            }
            let gadget = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.{ns}.example.com";
            let mut steps = vec![post(DEFINITIONS, gadgets).only(&["/code", "/body/spec/names"])];
            steps.extend(served(simple()));
            steps.extend([
                get("/apis/{ns}.example.com/v1/gadgets").until("/code", json!(200)).quiet(),
                get("/apis/{ns}.example.com/v1").until("/body/resources/2/kind", json!("Widget")),
                get("/apis/{ns}.example.com").until("/body/versions/1/version", json!("v1beta1")),
                get("/apis/{ns}.example.com/v1beta1/widgets"),
                delete(gadget).quiet(),
                delete(DEFINITION).quiet(),
            ]);
            steps
        }),
        case("two versions", {
            let mut two = simple();
            two["spec"]["versions"][0]["storage"] = json!(false);
            let mut other = two["spec"]["versions"][0].clone();
            other["name"] = json!("v2beta1");
            other["storage"] = json!(true);
            other["schema"] =
                spec_of(json!({"size": {"type": "integer"}, "height": {"type": "integer", "default": 7}}));
            if let Some(versions) = two["spec"]["versions"].as_array_mut() {
                versions.push(other);
            }
            let beta = "/apis/{ns}.example.com/v2beta1/namespaces/{ns}/widgets/a";
            let mut steps = served(two);
            steps.extend([
                get("/apis/{ns}.example.com").until("/code", json!(200)),
                post(WIDGETS, widget(json!({"size": 1}))).only(&["/code", "/body/spec", "/body/apiVersion"]),
                get(beta).only(&["/code", "/body/spec", "/body/apiVersion"]),
                merge_patch(beta, json!({"spec": {"height": 9}})).only(&[
                    "/code",
                    "/body/spec",
                    "/body/apiVersion",
                    "/body/metadata/generation",
                ]),
                get(WIDGET).only(&["/code", "/body/spec", "/body/apiVersion"]),
                delete(DEFINITION).quiet(),
            ]);
            steps
        }),
    ])
    .await
}

#[tokio::test]
async fn custom_resources() -> Result<()> {
    let version = "/apis/{ns}.example.com/v1";
    compare(vec![
        with("create, change, delete", simple(), [
            post(WIDGETS, widget(json!({"size": 1, "parts": [{"name": "x"}], "labels": {"a": "b"}}))),
            get(WIDGET),
            get(WIDGETS),
            get(WIDGETS).metadata_list(),
            get(WIDGET).metadata(),
            put(WIDGET, widget(json!({"size": 2}))),
            get(WIDGET).quiet(),
            put(WIDGET, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a", "resourceVersion": "{rv}"}, "spec": {"size": 2}})),
            put(&format!("{WIDGET}?fieldManager=other"), json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget",
                "metadata": {"name": "a", "resourceVersion": "{rv}", "labels": {"x": "y"}, "annotations": {"p": "q"}}, "spec": {"size": 2, "tags": ["b", "a"]}})),
            merge_patch(WIDGET, json!({"spec": {"plain": ["x"], "color": null}})),
            json_patch(WIDGET, json!([{"op": "replace", "path": "/spec/size", "value": 5}])),
            strategic(WIDGET, json!({"spec": {"size": 6}})),
            merge_patch(WIDGET, json!({"spec": {"size": 5}})),
            merge_patch(WIDGET, json!({"metadata": {"labels": {"z": "1"}}})),
            delete(WIDGET),
            get(WIDGET),
        ]),
        with("what is unknown is dropped", simple(), [
            post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a", "nope": 1}, "spec": {"size": 1, "bogus": {"x": 1}}, "other": 2})),
            post(&format!("{WIDGETS}?fieldValidation=Strict"), widget(json!({"bogus": 1}))),
            post(&format!("{WIDGETS}?fieldValidation=Ignore&dryRun=All"), json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "b"}, "spec": {"bogus": 1}})),
            merge_patch(WIDGET, json!({"spec": {"bogus": 1}})),
            post(WIDGETS, json!({"metadata": {"name": "c"}})),
            post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v9", "kind": "Widget", "metadata": {"name": "c"}})),
            post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Gadget", "metadata": {"name": "c"}})),
            raw("POST", WIDGETS, "application/json", "{"),
        ]),
        with("the status", simple(), [
            post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"size": 1}, "status": {"x": 1}})),
            merge_patch(&format!("{WIDGET}/status"), json!({"status": {"x": {"y": [1]}}, "spec": {"size": 9}, "metadata": {"labels": {"a": "b"}}})),
            put(&format!("{WIDGET}/status?fieldManager=c"), json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a", "resourceVersion": "{rv}"}, "status": {"z": "1"}})),
            get(&format!("{WIDGET}/status")),
            put(WIDGET, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a", "resourceVersion": "{rv}"}, "spec": {"size": 2}})).only(&["/code", "/body/status", "/body/metadata/generation", "/body/metadata/managedFields"]),
            merge_patch("/apis/{ns}.example.com/v1/namespaces/{ns}/widgets/none/status", json!({"status": {}})),
        ]),
        with("without a status", {
            let mut definition = simple();
            definition["spec"]["versions"][0].as_object_mut().map(|v| v.remove("subresources"));
            definition
        }, [
            post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"size": 1}, "status": {"x": 1}})),
            merge_patch(WIDGET, json!({"status": {"x": 2}})),
            merge_patch(&format!("{WIDGET}/status"), json!({"status": {"x": 3}})),
            get(&format!("{WIDGET}/scale")),
        ]),
        with("scale", definition(json!({
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "spec": {"type": "object", "properties": {"replicas": {"type": "integer", "minimum": 0}}},
                "status": {"type": "object", "properties": {"replicas": {"type": "integer"}, "selector": {"type": "string"}}}}}},
            "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas", "labelSelectorPath": ".status.selector"}}})), [
            post(WIDGETS, widget(json!({"replicas": 2}))).quiet(),
            merge_patch(&format!("{WIDGET}/status"), json!({"status": {"replicas": 1, "selector": "a=b"}})).quiet(),
            get(&format!("{WIDGET}/scale")),
            put(&format!("{WIDGET}/scale"), json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a", "namespace": "{ns}"}, "spec": {"replicas": 5}})),
            merge_patch(&format!("{WIDGET}/scale"), json!({"spec": {"replicas": 3}})),
            get(WIDGET),
        ]),
        with("columns", definition(json!({"schema": spec_of(json!({"size": {"type": "integer"}, "on": {"type": "boolean"}, "name": {"type": "string"},
                "conditions": {"type": "array", "items": {"type": "object", "properties": {"type": {"type": "string"}, "status": {"type": "string"}}}},
                "at": {"type": "string", "format": "date-time"}, "map": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}})),
            "additionalPrinterColumns": [
                {"name": "Size", "type": "integer", "jsonPath": ".spec.size", "description": "How large"},
                {"name": "On", "type": "boolean", "jsonPath": ".spec.on", "priority": 1},
                {"name": "Name", "type": "string", "jsonPath": ".spec.name"},
                {"name": "Ready", "type": "string", "jsonPath": ".spec.conditions[?(@.type==\"Ready\")].status"},
                {"name": "First", "type": "string", "jsonPath": ".spec.conditions[0].type"},
                {"name": "Text", "type": "string", "jsonPath": ".spec.size"},
                {"name": "Wrong", "type": "integer", "jsonPath": ".spec.name"},
                {"name": "At", "type": "date", "jsonPath": ".spec.at"},
                {"name": "Map", "type": "string", "jsonPath": ".spec.map"},
                {"name": "Two fields", "type": "string", "jsonPath": ".spec.map['a.b']"},
                {"name": "One field", "type": "string", "jsonPath": ".spec.map['a\\.b']"},
                {"name": "One as well", "type": "string", "jsonPath": ".spec.map.a\\.b"},
            ]})), [
            post(WIDGETS, widget(json!({"size": 3, "on": true, "name": "n", "conditions": [{"type": "A", "status": "x"}, {"type": "Ready", "status": "True"}],
                "at": "2020-01-01T00:00:00Z", "map": {"a": {"b": 1}, "a.b": "c"}}))).quiet(),
            get(WIDGETS).table(),
            get(WIDGET).table(),
            merge_patch(WIDGET, json!({"spec": null})).quiet(),
            get(WIDGET).table().only(&["/body/rows/0/cells"]),
        ]),
        with("the usual column", simple(), [
            post(WIDGETS, widget(json!({}))).quiet(),
            get(WIDGETS).table(),
        ]),
        with("apply", simple(), [
            apply(WIDGET, "one", widget(json!({"size": 1, "parts": [{"name": "x", "count": 2}, {"name": "y"}], "tags": ["a"], "plain": ["a"], "labels": {"a": "b"}}))),
            apply(WIDGET, "two", widget(json!({"parts": [{"name": "z"}, {"name": "x"}], "tags": ["b"], "labels": {"c": "d"}}))),
            apply(WIDGET, "two", widget(json!({"plain": ["b"], "size": 2}))),
            apply(WIDGET, "one", widget(json!({"size": 1}))),
            apply(WIDGET, "one", widget(json!({"bogus": 1}))),
            apply(&format!("{WIDGET}/status"), "three", json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a"}, "status": {"a": {"b": [1], "c": "d"}}})),
            apply(&format!("{WIDGET}/status"), "three", json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a"}, "status": {"a": {"c": "e"}}})),
        ]),
        with("what all objects have", simple(), [
            post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"generateName": "g-"}})).only(&["/code", "/body/metadata/generateName"]),
            post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "A_b"}})),
            post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {}})),
            post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a", "labels": {"a b": "c"}}})),
            post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a", "namespace": "other"}})),
            post("/apis/{ns}.example.com/v1/namespaces/nowhere-{ns}/widgets", json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a"}})),
            post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a", "labels": 1}})).only(&["/code"]),
            post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a", "finalizers": ["e.org/f"]}, "spec": null})),
            post(WIDGETS, widget(json!({}))),
            merge_patch("/apis/{ns}.example.com/v1/namespaces/{ns}/widgets/none", json!({})),
            merge_patch(WIDGET, json!({"spec": {"size": "x"}})),
            merge_patch(&format!("{WIDGET}?dryRun=All"), json!({"spec": {"size": 7}})),
            merge_patch(WIDGET, json!({"metadata": {"resourceVersion": "1"}})),
            json_patch(WIDGET, json!([{"op": "test", "path": "/spec/size", "value": 9}])),
            delete(WIDGET),
            merge_patch(WIDGET, json!({"metadata": {"finalizers": null}})),
            get(WIDGET),
            post(WIDGETS, widget(json!({}))).by("nobody-{ns}"),
        ]),
        with("selectors and pages", simple(), [
            post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a", "labels": {"x": "1"}}})).quiet(),
            post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "b"}})).quiet(),
            get(&format!("{WIDGETS}?labelSelector=x")).only(&["/code", "/body/items/0/metadata/name", "/body/items/1"]),
            get(&format!("{WIDGETS}?fieldSelector=metadata.name%3Db")).only(&["/code", "/body/items/0/metadata/name", "/body/items/1"]),
            get(&format!("{WIDGETS}?fieldSelector=spec.size%3D1")),
            get(&format!("{WIDGETS}?limit=1")).only(&["/code", "/body/metadata", "/body/items/0/metadata/name", "/body/items/1"]),
            get(&format!("{version}/widgets?labelSelector=x")).only(&["/code", "/body/items/0/metadata/name", "/body/items/1"]),
            get(&format!("{WIDGETS}?watch=1&timeoutSeconds=1&labelSelector=x")),
            delete(WIDGETS),
        ]),
        case("a definition's end ends its watches", {
            let mut steps = served(simple());
            steps.extend([
                post(WIDGETS, json!({"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "a", "finalizers": ["e.org/f"]}})).quiet(),
                delete(DEFINITION).only(&["/code"]),
                get(WIDGET).until("/body/metadata/deletionGracePeriodSeconds", json!(0)).only(&["/code", "/body/metadata/finalizers", "/body/metadata/generation"]),
                merge_patch(WIDGET, json!({"metadata": {"finalizers": null}})).only(&["/code"]),
                get(DEFINITION).until("/code", json!(404)),
            ]);
            steps
        }),
    ])
    .await
}

/// The definitions of the demo, and its objects of those kinds, are what a real server takes.
#[tokio::test]
async fn definitions_of_the_demo() -> Result<()> {
    let mut definitions = Vec::new();
    let mut objects = Vec::new();
    let files = [
        include_str!("../../data/demo/gateway.yaml"),
        include_str!("../../data/demo/backups.yaml"),
    ];
    for document in files
        .iter()
        .flat_map(|file| serde_yaml_ng::Deserializer::from_str(file))
    {
        let mut object = Value::deserialize(document)?;
        match object["kind"].as_str() {
            None => {}
            Some("CustomResourceDefinition") => definitions.push(object),
            Some(_) => {
                if object["metadata"]["namespace"].is_string() {
                    object["metadata"]["namespace"] = json!("{ns}");
                }
                objects.push(object);
            }
        }
    }
    let collection = |object: &Value| {
        let (group, _) = object["apiVersion"].as_str()?.split_once('/')?;
        let own = |d: &&Value| d["spec"]["group"] == group && d["spec"]["names"]["kind"] == object["kind"];
        let plural = definitions.iter().find(own)?["spec"]["names"]["plural"].as_str()?;
        let space = if object["metadata"]["namespace"].is_string() {
            "namespaces/{ns}/"
        } else {
            ""
        };
        Some(format!("/apis/{group}/v1/{space}{plural}"))
    };
    let mut steps: Vec<Step> = definitions
        .iter()
        .map(|definition| {
            post(
                &format!("{DEFINITIONS}?fieldValidation=Strict"),
                definition.clone(),
            )
            .only(&["/code", "/body/message"])
        })
        .collect();
    for object in &objects {
        let path = collection(object).context("every object has a definition")?;
        steps.push(get(&path).until("/code", json!(200)).quiet());
        let path = format!("{path}?dryRun=All&fieldValidation=Strict");
        steps.push(post(&path, object.clone()).only(&["/code", "/body/message", "/body/spec", "/warnings"]));
        steps.push(post(&path, object.clone()).table());
    }
    for definition in &definitions {
        let name = definition["metadata"]["name"].as_str().unwrap_or_default();
        steps.push(delete(&format!("{DEFINITIONS}/{name}")).quiet());
        steps.push(
            get(&format!("{DEFINITIONS}/{name}"))
                .until("/code", json!(404))
                .quiet(),
        );
    }
    compare(vec![case("the definitions of the demo", steps)]).await
}

#[tokio::test]
async fn schemas() -> Result<()> {
    let mut properties = json!({});
    let mut steps = Vec::new();
    let mut refused = |property: Value, values: Vec<Value>| {
        let name = format!("p{}", steps.len());
        properties[&name] = property;
        steps.extend(values.into_iter().map(|value| {
            post(&format!("{WIDGETS}?dryRun=All"), widget(json!({&name: value}))).only(&[
                "/code",
                "/body/message",
                "/body/details",
                "/body/spec",
            ])
        }));
    };
    let text = |more: Value| {
        let mut schema = json!({"type": "string"});
        for (key, value) in more.as_object().into_iter().flatten() {
            schema[key] = value.clone();
        }
        schema
    };
    refused(
        json!({"type": "integer", "minimum": 1, "maximum": 10}),
        vec![
            json!(5),
            json!("x"),
            json!(0),
            json!(11),
            json!(1.5),
            json!(2.0),
            json!(null),
            json!({}),
            json!([]),
        ],
    );
    refused(
        json!({"type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 1.5, "exclusiveMaximum": true, "multipleOf": 0.5}),
        vec![json!(1), json!(0.5), json!(0), json!(1.5), json!(0.7), json!("x")],
    );
    refused(
        text(json!({"minLength": 2, "maxLength": 4, "pattern": "^[a-z]+$"})),
        vec![
            json!("abc"),
            json!("a"),
            json!("abcde"),
            json!("AB"),
            json!(1),
            json!(true),
        ],
    );
    refused(
        text(json!({"enum": ["a", "b"]})),
        vec![json!("a"), json!("c"), json!(1)],
    );
    refused(
        json!({"type": "integer", "enum": [1, 2]}),
        vec![json!(1), json!(3)],
    );
    refused(
        text(json!({"format": "date-time"})),
        vec![json!("2020-01-01T00:00:00Z"), json!("x"), json!(1), json!(true)],
    );
    refused(json!({"type": "boolean"}), vec![json!(true), json!("true")]);
    refused(text(json!({"nullable": true})), vec![json!(null), json!("x")]);
    refused(text(json!({"default": "d"})), vec![json!(null), json!("x")]);
    refused(
        json!({"x-kubernetes-int-or-string": true}),
        vec![json!(1), json!("50%"), json!(true), json!(1.5)],
    );
    refused(
        json!({"type": "object", "required": ["x", "y"], "properties": {"x": {"type": "string"}, "y": {"type": "integer"}}, "maxProperties": 2}),
        vec![json!({"x": "1", "y": 1}), json!({"x": "1"}), json!("x")],
    );
    refused(
        json!({"type": "object", "properties": {"b": {"type": "object", "required": ["c"], "properties": {"c": {"type": "string", "enum": ["q"]}}}}}),
        vec![json!({"b": {}}), json!({"b": {"c": "x"}}), json!({"b": []})],
    );
    refused(
        json!({"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}, "minProperties": 1, "maxProperties": 2}),
        vec![
            json!({"p": 1}),
            json!({"p": 0}),
            json!({"p": "x"}),
            json!({}),
            json!({"p": 1, "q": 2, "r": 3}),
        ],
    );
    refused(
        json!({"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "object", "required": ["n"], "properties": {"n": {"type": "string"}}}}),
        vec![
            json!([{"n": "a"}]),
            json!([]),
            json!([{"n": "a"}, {"n": "a"}, {"n": "b"}]),
            json!([{}]),
            json!([{"n": 1}]),
            json!("x"),
        ],
    );
    refused(
        json!({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"}),
        vec![json!(["a", "b"]), json!(["a", "b", "a"])],
    );
    refused(
        json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"],
            "items": {"type": "object", "required": ["n"], "properties": {"n": {"type": "string"}, "m": {"type": "integer"}}}}),
        vec![
            json!([{"n": "a"}, {"n": "b"}]),
            json!([{"n": "a", "m": 1}, {"n": "a", "m": 2}]),
        ],
    );
    refused(
        json!({"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}},
            "oneOf": [{"required": ["x"]}, {"required": ["y"]}]}),
        vec![json!({"x": 1}), json!({}), json!({"x": 1, "y": 1})],
    );
    refused(
        json!({"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}},
            "anyOf": [{"required": ["x"]}, {"required": ["y"]}]}),
        vec![json!({"x": 1}), json!({})],
    );
    refused(
        json!({"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}},
            "allOf": [{"required": ["x"]}, {"required": ["y"]}]}),
        vec![json!({"x": 1, "y": 2}), json!({"x": 1}), json!({})],
    );
    refused(
        json!({"type": "string", "not": {"enum": ["bad"]}}),
        vec![json!("good"), json!("bad")],
    );
    refused(
        json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"x": {"type": "object", "properties": {"y": {"type": "integer"}}}}}),
        vec![json!({"any": {"thing": [1]}, "x": {"y": 1, "z": 2}})],
    );
    refused(
        json!({"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true}),
        vec![json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"y": 1}})],
    );
    refused(
        json!({"type": "integer", "format": "int32"}),
        vec![
            json!(3_000_000_000_i64),
            json!(1),
            json!(1.5),
            json!("x"),
            json!(true),
            json!([]),
        ],
    );
    refused(
        json!({"type": "integer", "format": "int64"}),
        vec![json!(3_000_000_000_i64)],
    );
    compare(vec![with(
        "schemas",
        definition(json!({"schema": spec_of(properties)})),
        steps,
    )])
    .await
}
