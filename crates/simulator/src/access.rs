//! Who a request is from, and whether they may do it.

use std::collections::BTreeMap;

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::http::request::{Attributes, header};
use crate::shared::Shared;
use crate::status::Refusal;

pub(crate) mod cover;
pub(crate) mod rbac;
pub(crate) mod review;
pub(crate) mod token;

pub(crate) use rbac::Rbac;
use token::TokenError;

/// Everything is allowed to this group, before RBAC is asked.
pub(crate) const MASTERS: &str = "system:masters";

/// Somebody that the API server knows by a bearer token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name that RBAC objects refer to.
    pub name: String,
    /// Groups beside `system:authenticated`, which everybody with a token is in.
    pub groups: Vec<String>,
    /// That of a ServiceAccount; empty for others.
    pub(crate) uid: String,
    /// What else is known of a ServiceAccount's token.
    pub(crate) extra: BTreeMap<String, Vec<String>>,
}

impl User {
    /// A user with a name and groups.
    pub fn new<'a>(name: impl Into<String>, groups: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            name: name.into(),
            groups: groups.into_iter().map(str::to_owned).collect(),
            uid: String::new(),
            extra: BTreeMap::new(),
        }
    }

    fn anonymous() -> Self {
        Self::new("system:anonymous", ["system:unauthenticated"])
    }

    fn with_authenticated(mut self) -> Self {
        let authenticated = "system:authenticated";
        if self.name != "system:anonymous" && !self.groups.iter().any(|group| group == authenticated) {
            self.groups.push(authenticated.to_owned());
        }
        self
    }

    /// As in `status.userInfo`.
    pub(crate) fn info(&self) -> Value {
        let mut info = json!({"username": self.name, "groups": self.groups});
        if !self.uid.is_empty() {
            info["uid"] = json!(self.uid);
        }
        if !self.extra.is_empty() {
            info["extra"] = json!(self.extra);
        }
        info
    }
}

/// Who a request is from: by its token, and as whom it wants to act.
pub(crate) fn authenticate(shared: &Shared, headers: &HeaderMap) -> Result<User, Refusal> {
    let user = match header(headers, "authorization") {
        "" => User::anonymous(),
        value => {
            let token = value.strip_prefix("Bearer ").ok_or_else(Refusal::unauthorized)?;
            let (user, audiences) = holder(shared, token.trim()).map_err(|_| Refusal::unauthorized())?;
            if !audiences.iter().any(|audience| audience == token::ISSUER) {
                return Err(Refusal::unauthorized());
            }
            user
        }
    };
    let name = header(headers, "impersonate-user");
    let groups: Vec<&str> = headers
        .get_all("impersonate-group")
        .iter()
        .filter_map(|g| g.to_str().ok())
        .collect();
    if headers
        .keys()
        .any(|key| key.as_str().starts_with("impersonate-extra-") || key == "impersonate-uid")
    {
        return Err(Refusal::unsupported(
            "impersonation of a uid or of extra attributes",
        ));
    }
    if name.is_empty() {
        if groups.is_empty() {
            return Ok(user);
        }
        let groups: Vec<String> = groups.iter().map(|group| format!("{group:?}")).collect();
        return Err(Refusal::bad_request(format!(
            "requested &user.DefaultInfo{{Name:\"\", UID:\"\", Groups:[]string{{{}}}, \
             Extra:map[string][]string(nil)}} without impersonating a user name",
            groups.join(", ")
        )));
    }
    impersonate(shared, &user, name, &groups)
}

/// Whose a token is, and whom it is for.
pub(crate) fn holder(shared: &Shared, token: &str) -> Result<(User, Vec<String>), TokenError> {
    let (user, audiences) = match shared.user_of(token) {
        Some(user) => (user, vec![token::ISSUER.to_owned()]),
        None => token::verify(shared, token)?,
    };
    Ok((user.with_authenticated(), audiences))
}

fn impersonate(shared: &Shared, user: &User, name: &str, groups: &[&str]) -> Result<User, Refusal> {
    let account = name
        .strip_prefix("system:serviceaccount:")
        .and_then(|rest| rest.split_once(':'));
    let asked = Attributes {
        verb: "impersonate".to_owned(),
        ..Attributes::default()
    };
    let who = match account {
        Some((namespace, account)) => Attributes {
            resource: "serviceaccounts".to_owned(),
            namespace: namespace.to_owned(),
            name: account.to_owned(),
            ..asked.clone()
        },
        None => Attributes {
            resource: "users".to_owned(),
            name: name.to_owned(),
            ..asked.clone()
        },
    };
    authorize(shared, user, &who)?;
    for group in groups {
        let who = Attributes {
            resource: "groups".to_owned(),
            name: (*group).to_owned(),
            ..asked.clone()
        };
        authorize(shared, user, &who)?;
    }
    let mut acting = User::new(name, groups.iter().copied());
    if let (Some((namespace, _)), true) = (account, groups.is_empty()) {
        acting.groups = vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
        ];
    }
    if acting.name == "system:anonymous" {
        acting.groups.push("system:unauthenticated".to_owned());
    }
    Ok(acting.with_authenticated())
}

/// The answer to "may they?": none for no, else why.
pub(crate) fn allowed(shared: &Shared, user: &User, asked: &Attributes) -> Option<String> {
    allowed_by(&shared.rbac(), user, asked)
}

/// The same by certain grants.
pub(crate) fn allowed_by(rbac: &Rbac, user: &User, asked: &Attributes) -> Option<String> {
    if user.groups.iter().any(|group| group == MASTERS) {
        return Some(String::new());
    }
    rbac.allows(user, asked)
}

/// Refuses with 403 what is not allowed.
pub(crate) fn authorize(shared: &Shared, user: &User, asked: &Attributes) -> Result<(), Refusal> {
    if allowed(shared, user, asked).is_some() {
        return Ok(());
    }
    let (message, details) = if asked.path.is_empty() {
        let qualified = match asked.group.as_str() {
            "" => asked.resource.clone(),
            group => format!("{}.{group}", asked.resource),
        };
        let subject = match asked.name.as_str() {
            "" => qualified,
            name => format!("{qualified} \"{name}\""),
        };
        let resource = match asked.subresource.as_str() {
            "" => asked.resource.clone(),
            sub => format!("{}/{sub}", asked.resource),
        };
        let place = match asked.namespace.as_str() {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace \"{namespace}\""),
        };
        let mut details = json!({"kind": asked.resource});
        if !asked.group.is_empty() {
            details["group"] = json!(asked.group);
        }
        if !asked.name.is_empty() {
            details["name"] = json!(asked.name);
        }
        let message = format!(
            "{subject} is forbidden: User \"{}\" cannot {} resource \"{resource}\" in API group \"{}\" {place}",
            user.name, asked.verb, asked.group
        );
        (message, details)
    } else {
        let message = format!(
            "forbidden: User \"{}\" cannot {} path \"{}\"",
            user.name, asked.verb, asked.path
        );
        (message, json!({}))
    };
    Err(Refusal::other(
        StatusCode::FORBIDDEN,
        "Forbidden",
        message,
        Some(details),
    ))
}
