//! A case and its steps.

use serde_json::Value;

/// A list of requests in a namespace of their own. In paths, headers and bodies `{ns}` stands for the namespace, and
/// `{rv}`, `{uid}`, `{continue}`, `{token}` for what the last answer that had one said; `{first-rv}` for that of the first.
pub struct Case {
    pub name: &'static str,
    pub steps: Vec<Step>,
}

pub struct Step {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<String>,
    /// Only these fields of the answer are compared (JSON pointers); all when it is empty.
    pub only: Vec<&'static str>,
    /// Done, and not compared at all.
    pub quiet: bool,
    /// The real server finds what is wrong in no particular order.
    pub any_order: bool,
    /// Done again until a field of the answer has a value.
    pub until: Option<(&'static str, Value)>,
}

pub fn case(name: &'static str, steps: impl IntoIterator<Item = Step>) -> Case {
    Case {
        name,
        steps: steps.into_iter().collect(),
    }
}

fn step(method: &'static str, path: &str, body: Option<String>) -> Step {
    let headers = vec![("user-agent", "suite/1.0".to_owned())];
    Step {
        method,
        path: path.to_owned(),
        headers,
        body,
        only: Vec::new(),
        quiet: false,
        any_order: false,
        until: None,
    }
}

pub fn get(path: &str) -> Step {
    step("GET", path, None)
}

pub fn post(path: &str, body: Value) -> Step {
    step("POST", path, Some(body.to_string())).header("content-type", "application/json")
}

pub fn put(path: &str, body: Value) -> Step {
    step("PUT", path, Some(body.to_string())).header("content-type", "application/json")
}

pub fn delete(path: &str) -> Step {
    step("DELETE", path, None)
}

pub fn delete_with(path: &str, body: Value) -> Step {
    step("DELETE", path, Some(body.to_string())).header("content-type", "application/json")
}

pub fn json_patch(path: &str, body: Value) -> Step {
    step("PATCH", path, Some(body.to_string())).header("content-type", "application/json-patch+json")
}

pub fn merge_patch(path: &str, body: Value) -> Step {
    step("PATCH", path, Some(body.to_string())).header("content-type", "application/merge-patch+json")
}

pub fn strategic(path: &str, body: Value) -> Step {
    step("PATCH", path, Some(body.to_string()))
        .header("content-type", "application/strategic-merge-patch+json")
}

/// Applies on the server's side, as a manager of fields.
pub fn apply(path: &str, manager: &str, body: Value) -> Step {
    let join = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{join}fieldManager={manager}");
    step("PATCH", &path, Some(body.to_string())).header("content-type", "application/apply-patch+yaml")
}

pub fn raw(method: &'static str, path: &str, content_type: &str, body: &str) -> Step {
    step(method, path, Some(body.to_owned())).header("content-type", content_type)
}

impl Step {
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// As another user.
    pub fn by(self, user: &str) -> Self {
        self.header("impersonate-user", user)
    }

    /// With a token in place of the suite's own credentials.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn table(self) -> Self {
        self.header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
    }

    pub fn metadata(self) -> Self {
        self.header(
            "accept",
            "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
        )
    }

    pub fn metadata_list(self) -> Self {
        self.header(
            "accept",
            "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        )
    }

    pub fn only(mut self, pointers: &[&'static str]) -> Self {
        self.only = pointers.to_vec();
        self
    }

    pub fn any_order(mut self) -> Self {
        self.any_order = true;
        self
    }

    pub fn until(mut self, pointer: &'static str, value: Value) -> Self {
        self.until = Some((pointer, value));
        self
    }

    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }
}
