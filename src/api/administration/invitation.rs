//! `POST /api/invitations/check`: what an invitation offers, and `POST /api/invitations/accept`, with
//! which people who have an account join its rooms. New accounts are created by the native dialect.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use warp::http::StatusCode;
use warp::reply::Response;

use crate::api::request::Request;
use crate::api::respond;
use crate::chat::{Chat, Invited, Refused};
use crate::model::{Error, Result};

/// Body of `POST /api/invitations/check`.
#[derive(Deserialize, ToSchema)]
pub(super) struct CheckInvitation {
    token: String,
}

/// What an invitation offers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Offer {
    /// Whether an account can be created with it now.
    valid: bool,
    /// Why not: `expired`, `used_up`, `void` (whoever made it is no administrator any more) or
    /// `closed` (`[auth] registration`); absent if it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<&'static str>,
    /// Time at which it ends.
    expires: String,
    /// Name of the server; absent if unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    server: Option<String>,
    /// Display name of the administrator who made it; absent if it was made on the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    invited_by: Option<String>,
    /// Names of the rooms that new users join.
    rooms: Vec<String>,
    /// New users are guests, who see only these rooms and the people in them; absent if they are
    /// members. People who have an account stay what they are.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    guest: bool,
}

/// Body of `POST /api/invitations/accept`.
#[derive(Deserialize, ToSchema)]
pub(super) struct AcceptInvitation {
    token: String,
}

/// The rooms of an invitation, which the caller is in.
#[derive(Serialize, ToSchema)]
pub(super) struct Accepted {
    /// Their keys.
    rooms: Vec<String>,
}

/// Joins the rooms of an invitation.
pub(super) async fn accept(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let AcceptInvitation { token } = request.json().await?;
    let joined = chat.accept_invitation(&session, &token, request.client()).await;
    let rooms = joined.inspect_err(|error| {
        // A guess is counted like a credential without a session.
        if matches!(error, Error::Invalid { field, .. } if field == "invitation") {
            request.count_stranger(&Error::BadSession);
        }
    })?;
    let rooms = rooms.iter().map(|room| room.key()).collect();
    Ok(respond::json(StatusCode::OK, &Accepted { rooms }))
}

/// Answers what an invitation offers.
pub(super) async fn check(chat: &Chat, mut request: Request) -> Result<Response> {
    let CheckInvitation { token } = request.json().await?;
    let Invited { invitation, refused, by, rooms } =
        chat.open_invitation(&token).await.inspect_err(|error| {
            // One that does not exist is counted like a credential without a session.
            if *error == Error::Forbidden {
                request.count_stranger(&Error::BadSession);
            }
        })?;
    let offer = Offer {
        valid: refused.is_none(),
        reason: refused.map(|refused| match refused {
            Refused::Closed => "closed",
            Refused::Spent(spent) => spent.as_str(),
        }),
        expires: invitation.expires.seconds(),
        server: chat.look().await.name,
        invited_by: by,
        rooms,
        guest: invitation.guest,
    };
    Ok(respond::json(StatusCode::OK, &offer))
}
