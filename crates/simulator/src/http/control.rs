//! What no API server has: the simulator's own address, at which tests say what clients suffer.

use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::answer::{self, Answer};
use crate::fault::FaultRule;
use crate::shared::Shared;
use crate::status::Refusal;

/// Where faults are listed (GET), added (POST) and ended (DELETE). It suffers none itself.
pub(crate) const FAULTS: &str = "/simulator/v1/faults";

const LARGEST: usize = 4 * 1024 * 1024;

/// Answers a request to [`FAULTS`].
pub(crate) async fn faults(shared: &Shared, method: &Method, body: Incoming) -> Result<Answer, Refusal> {
    match *method {
        Method::POST => {
            let wrong = |what: String| Refusal::bad_request(format!("the fault cannot be added: {what}"));
            let body = Limited::new(body, LARGEST).collect().await;
            let body = body.map_err(|error| wrong(error.to_string()))?.to_bytes();
            let rule: Value = serde_json::from_slice(&body).map_err(|error| wrong(error.to_string()))?;
            shared.add_fault(FaultRule::read(rule, shared.tls).map_err(wrong)?);
        }
        Method::DELETE => shared.clear_faults(),
        Method::GET | Method::HEAD => {}
        _ => return Err(Refusal::no_such_method()),
    }
    let all = json!({"items": shared.faults.all()});
    Ok(answer::json(StatusCode::OK, all.to_string(), false))
}
