//! The routes of `v1`. Every handler authenticates, parses the request, calls `Chat` once and
//! builds the response.

use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::{V1, wire};
use crate::api::request::Request;
use crate::api::respond::{encode, encoded, json};
use crate::api::{Dialect, Route};
use crate::chat::{Chat, LISTED, RoomPlan};
use crate::model::{Error, Message, Result, Window};

/// Operation of a route; named after the use case of `Chat` it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Register,
    LogIn,
    LogOut,
    Info,
    FindUsers,
    Rooms,
    CreateRoom,
    Room,
    History,
    Socket,
}

const fn route(method: Method, template: &'static str, operation: Operation) -> Route<Operation> {
    Route { method, template, operation }
}

/// All routes.
pub(super) const ROUTES: &[Route<Operation>] = &[
    route(Method::POST, "/v1/register", Operation::Register),
    route(Method::POST, "/v1/login", Operation::LogIn),
    route(Method::POST, "/v1/logout", Operation::LogOut),
    route(Method::GET, "/v1/info", Operation::Info),
    route(Method::GET, "/v1/users", Operation::FindUsers),
    route(Method::GET, "/v1/rooms", Operation::Rooms),
    route(Method::POST, "/v1/rooms", Operation::CreateRoom),
    route(Method::GET, "/v1/rooms/{id}", Operation::Room),
    route(Method::GET, "/v1/rooms/{id}/messages", Operation::History),
    route(Method::GET, "/v1/rooms/{id}/chat", Operation::Socket),
];

/// Answers a request for this operation.
pub(super) async fn answer(
    chat: &Chat,
    operation: Operation,
    request: Request,
) -> Result<Response> {
    match operation {
        Operation::Register => register(chat, request).await,
        Operation::LogIn => log_in(chat, request).await,
        Operation::LogOut => log_out(chat, request).await,
        Operation::Info => info(chat, request).await,
        Operation::FindUsers => find_users(chat, request).await,
        Operation::Rooms => rooms(chat, request).await,
        Operation::CreateRoom => create_room(chat, request).await,
        Operation::Room => room(chat, request).await,
        Operation::History => history(chat, request).await,
        Operation::Socket => socket(chat, request).await,
    }
}

async fn register(chat: &Chat, mut request: Request) -> Result<Response> {
    let new: wire::Credentials = request.json().await?;
    chat.register((&new).into(), request.client()).await?;
    let login = chat.log_in(&new.login, &new.password, None, request.client()).await?;
    Ok(json(StatusCode::OK, &wire::Opened::from(&login)))
}

async fn log_in(chat: &Chat, mut request: Request) -> Result<Response> {
    request.check_page()?;
    let wire::LogIn { login, password, code } = request.json().await?;
    let login = chat.log_in(&login, &password, code.as_deref(), request.client()).await?;
    Ok(json(StatusCode::OK, &wire::Opened::from(&login)))
}

async fn log_out(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.leaving(chat).await?;
    let wire::Nothing {} = request.json_or_empty().await?;
    chat.log_out(&session).await?;
    Ok(json(StatusCode::OK, &wire::Nothing {}))
}

async fn info(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    Ok(json(StatusCode::OK, &wire::User::from(&session)))
}

async fn find_users(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let text = request.query("q").unwrap_or_default();
    let users = chat.find_logins(&session, &text).await?;
    Ok(json(StatusCode::OK, &users.iter().map(wire::User::from).collect::<Vec<_>>()))
}

async fn rooms(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let cards = chat.my_rooms(&session, LISTED).await?;
    let mut rooms: Vec<_> = cards.iter().map(|(card, _)| wire::Room::from(&card.facts)).collect();
    rooms.sort_by_key(|room| room.id);
    Ok(json(StatusCode::OK, &rooms))
}

async fn create_room(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let plan: RoomPlan = request.json::<wire::NewRoom>().await?.into();
    let (room, _) = chat.create_room(&session, plan).await?;
    Ok(json(StatusCode::OK, &wire::Room::from(&*room.facts)))
}

async fn room(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let room = chat.my_room(&session, request.room("id")).await?;
    Ok(json(StatusCode::OK, &wire::Room::from(&*room.facts)))
}

async fn history(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let limit = number(&request, "limit", 50)?;
    if !(1..=1000).contains(&limit) {
        return Err(Error::invalid("limit", "must be 1 to 1000"));
    }
    let window = Window::Offset(number(&request, "offset", 0)?);
    let encode = |messages: &[Message]| {
        encode(&messages.iter().map(wire::Message::from).collect::<Vec<_>>())
    };
    let page = (window, limit);
    let body = chat.encoded_history(&session, request.room("id"), page, V1::NAME, encode).await?;
    Ok(encoded(StatusCode::OK, body))
}

async fn socket(chat: &Chat, request: Request) -> Result<Response> {
    if !request.is_upgrade() {
        return Err(Error::UpgradeRequired);
    }
    request.check_handshake()?;
    let who = request.authenticated(chat).await?;
    let room = request.room("id");
    chat.may_enter(&who.session, room).await?;
    request.upgrade::<V1>(chat, who, (), Some(room))
}

fn number(request: &Request, field: &'static str, usual: u32) -> Result<u32> {
    request.query(field).map_or(Ok(usual), |text| {
        text.parse().map_err(|_| Error::invalid(field, "must be a whole number"))
    })
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
