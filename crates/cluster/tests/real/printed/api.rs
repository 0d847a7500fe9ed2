//! Objects with the status that a test wants them to have.

use std::path::Path;

use http::{Method, Request};
use kube::config::{KubeConfigOptions, Kubeconfig};
use model::KindId;
use serde_json::{Value, json};

/// What an object says in place of the namespace that it is made in.
pub const NAMESPACE: &str = "{namespace}";

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

pub struct Api {
    client: kube::Client,
    namespace: String,
}

impl Api {
    pub async fn new(kubeconfig: &Path, namespace: &str) -> Self {
        let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
        Self {
            client: kube::Client::try_from(config.unwrap()).unwrap(),
            namespace: namespace.to_owned(),
        }
    }

    async fn send(&self, method: Method, path: &str, accept: &str, body: &Value) -> Result<Value, String> {
        let request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header("accept", accept)
            .header("content-type", "application/json")
            .body(if body.is_null() {
                Vec::new()
            } else {
                body.to_string().into_bytes()
            });
        let answer = self.client.request(request.unwrap()).await;
        answer.map_err(|error| match error {
            kube::Error::Api(status) => format!("{method} {path}: {}", status.message),
            error => format!("{method} {path}: {error}"),
        })
    }

    fn path(&self, kind: KindId) -> String {
        let kind = kind.get();
        let root = if kind.group.is_empty() { "/api" } else { "/apis" };
        let place = if kind.namespaced {
            format!("/namespaces/{}", self.namespace)
        } else {
            String::new()
        };
        format!("{root}/{}{place}/{}", kind.api_version(), kind.plural)
    }

    /// Makes an object, gives it its status, and deletes it if it has finalizers: then it is on its way out for good.
    pub async fn make(&self, object: &Value) -> Result<(), String> {
        let kind = object["kind"].as_str().unwrap();
        let path = self.path(KindId::of(kind).unwrap());
        let object: Value =
            serde_json::from_str(&object.to_string().replace(NAMESPACE, &self.namespace)).unwrap();
        let mut made = self
            .send(Method::POST, &path, "application/json", &object)
            .await?;
        let path = format!("{path}/{}", made["metadata"]["name"].as_str().unwrap());
        if let Some(status) = object.get("status") {
            made["status"] = status.clone();
            let status = format!("{path}/status");
            self.send(Method::PUT, &status, "application/json", &made)
                .await
                .map_err(|error| format!("{error}\n  {status}"))?;
        }
        if object["metadata"].get("finalizers").is_some() {
            self.send(Method::DELETE, &path, "application/json", &Value::Null)
                .await?;
        }
        Ok(())
    }

    /// The API server's own rows of all objects of a kind, with the objects.
    pub async fn table(&self, kind: KindId) -> Value {
        let path = self
            .path(kind)
            .replace(&format!("/namespaces/{}", self.namespace), "");
        let path = format!("{path}?includeObject=Object");
        self.send(Method::GET, &path, TABLE, &Value::Null).await.unwrap()
    }
}

/// An object of a kind of the table: its metadata and the other fields are merged from `fields`.
pub fn object(kind: &str, name: &str, fields: Value) -> Value {
    let mut object = json!({"apiVersion": KindId::of(kind).unwrap().get().api_version(), "kind": kind});
    for (field, value) in fields.as_object().unwrap() {
        object[field] = value.clone();
    }
    object["metadata"]["name"] = name.into();
    object
}

/// It will be deleted, and stay.
pub fn deleted(mut object: Value) -> Value {
    object["metadata"]["finalizers"] = json!(["example.org/stays"]);
    object
}
