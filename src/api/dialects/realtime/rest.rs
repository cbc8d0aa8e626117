//! The routes of `realtime`. Every handler authenticates, parses the request, calls `Chat` once and
//! builds the response.

use warp::http::header::{LOCATION, SET_COOKIE};
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::{COOKIE, Realtime, wire};
use crate::api::Route;
use crate::api::request::Request;
use crate::api::respond::{empty, json, with_header};
use crate::chat::{Chat, RoomPlan};
use crate::model::{Error, Result};

/// Operation of a route; named after the use case of `Chat` it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Register,
    User,
    LogIn,
    LogOut,
    Rooms,
    CreateRoom,
    RoomToken,
    DeleteRoom,
    Socket,
}

const fn route(method: Method, template: &'static str, operation: Operation) -> Route<Operation> {
    Route { method, template, operation }
}

/// All routes.
pub(super) const ROUTES: &[Route<Operation>] = &[
    route(Method::POST, "/User", Operation::Register),
    route(Method::GET, "/User/{username}", Operation::User),
    route(Method::POST, "/Login", Operation::LogIn),
    route(Method::POST, "/Logout", Operation::LogOut),
    route(Method::GET, "/Room", Operation::Rooms),
    route(Method::POST, "/Room", Operation::CreateRoom),
    route(Method::GET, "/Room/{id}", Operation::RoomToken),
    route(Method::DELETE, "/Room/{id}", Operation::DeleteRoom),
    route(Method::GET, "/", Operation::Socket),
];

/// Answers a request for this operation.
pub(super) async fn answer(
    chat: &Chat,
    operation: Operation,
    request: Request,
) -> Result<Response> {
    match operation {
        Operation::Register => register(chat, request).await,
        Operation::User => user(chat, request).await,
        Operation::LogIn => log_in(chat, request).await,
        Operation::LogOut => log_out(chat, request).await,
        Operation::Rooms => rooms(chat, request).await,
        Operation::CreateRoom => create_room(chat, request).await,
        Operation::RoomToken => room_token(chat, request).await,
        Operation::DeleteRoom => delete_room(chat, request).await,
        Operation::Socket => request.upgrade_unknown::<Realtime>(chat, ()),
    }
}

async fn register(chat: &Chat, mut request: Request) -> Result<Response> {
    let new: wire::NewUser = request.json().await?;
    chat.register(new.into(), request.client()).await?;
    Ok(empty(StatusCode::CREATED))
}

async fn user(chat: &Chat, request: Request) -> Result<Response> {
    let user = chat.anybody(request.param("username")).await?;
    Ok(json(StatusCode::OK, &wire::User::from(&user)))
}

async fn log_in(chat: &Chat, mut request: Request) -> Result<Response> {
    request.check_page()?;
    let wire::Credentials { username, password, code } = request.json().await?;
    let login =
        chat.log_in_by_digest(&username, &password, code.as_deref(), request.client()).await?;
    let cookie = request.session_cookie(COOKIE, &login.secret, None);
    Ok(with_header(json(StatusCode::OK, &wire::Status { status: true }), SET_COOKIE, &cookie))
}

async fn log_out(chat: &Chat, request: Request) -> Result<Response> {
    let session = match request.leaving(chat).await {
        Ok(session) => session,
        Err(Error::NoSession | Error::BadSession) => {
            return Ok(json(StatusCode::OK, &wire::Status { status: false }));
        }
        Err(other) => return Err(other),
    };
    chat.log_out(&session).await?;
    let cookie = request.cleared_cookie(COOKIE);
    Ok(with_header(json(StatusCode::OK, &wire::Status { status: true }), SET_COOKIE, &cookie))
}

async fn rooms(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let cards = chat.visible_rooms(&session).await?;
    Ok(json(
        StatusCode::OK,
        &cards.iter().rev().map(|card| wire::Room::from(&card.facts.room)).collect::<Vec<_>>(),
    ))
}

async fn create_room(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let plan: RoomPlan = request.json::<wire::NewRoom>().await?.into();
    let (room, _) = chat.create_room(&session, plan).await?;
    Ok(with_header(
        empty(StatusCode::CREATED),
        LOCATION,
        &request.address_of(&format!("/Room/{}", room.facts.room.id)),
    ))
}

async fn room_token(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let token = chat.issue_ticket(&session, request.room("id")).await?;
    Ok(json(StatusCode::OK, &wire::Token { token: &token }))
}

async fn delete_room(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    chat.delete_room(&session, request.room("id")).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_in_the_module_documentation_lists_every_route() {
        let rows: HashSet<String> = include_str!("mod.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//! | `")?.split_once('`'))
            .map(|(row, _)| row.to_owned())
            .collect();
        let routes: HashSet<String> =
            ROUTES.iter().map(|route| format!("{} {}", route.method, route.template)).collect();
        assert_eq!(rows, routes);
        assert_eq!(routes.len(), ROUTES.len());
    }
}
