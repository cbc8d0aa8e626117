//! The routes of `chats`. Every handler authenticates, parses the request, calls `Chat` once and
//! builds the response.

use serde::Serialize;
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::wire;
use crate::api::Route;
use crate::api::request::Request;
use crate::api::respond::json;
use crate::chat::{Chat, RoomPage};
use crate::model::{Credential, Error, Result, RoomId};

/// Operation of a route; named after the use case of `Chat` it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    LogIn,
    Refresh,
    CreateChat,
    Chats,
    ChangeChat,
    DeleteChat,
}

const fn route(method: Method, template: &'static str, operation: Operation) -> Route<Operation> {
    Route { method, template, operation }
}

/// All routes.
pub(super) const ROUTES: &[Route<Operation>] = &[
    route(Method::POST, "/auth/login", Operation::LogIn),
    route(Method::POST, "/auth/token", Operation::Refresh),
    route(Method::POST, "/chats", Operation::CreateChat),
    route(Method::GET, "/chats", Operation::Chats),
    route(Method::PATCH, "/chats/{id}", Operation::ChangeChat),
    route(Method::DELETE, "/chats/{id}", Operation::DeleteChat),
];

/// Answers a request for this operation.
pub(super) async fn answer(
    chat: &Chat,
    operation: Operation,
    request: Request,
) -> Result<Response> {
    match operation {
        Operation::LogIn => log_in(chat, request).await,
        Operation::Refresh => refresh(chat, request).await,
        Operation::CreateChat => create_chat(chat, request).await,
        Operation::Chats => chats(chat, request).await,
        Operation::ChangeChat => change_chat(chat, request).await,
        Operation::DeleteChat => delete_chat(chat, request).await,
    }
}

async fn log_in(chat: &Chat, mut request: Request) -> Result<Response> {
    request.check_page()?;
    let wire::LogIn { name, password, code } =
        request.json::<wire::Credentials>().await?.try_into()?;
    let (code, client) = (code.as_deref(), request.client());
    let login = match name {
        wire::LogInName::Email(email) => {
            chat.log_in_by_email(&email, &password, code, client).await?
        }
        wire::LogInName::Login(login) => chat.log_in(&login, &password, code, client).await?,
    };
    Ok(success(&wire::Opened::new(&login, &chat.token(&login)?)))
}

async fn refresh(chat: &Chat, mut request: Request) -> Result<Response> {
    request.check_page()?;
    let wire::Refresh { refresh_token } = request.json().await?;
    let token = chat.refresh(&Credential::Opaque(refresh_token), request.client()).await.map_err(
        |error| match error {
            Error::BadSession => {
                Error::invalid("refreshToken", "does not belong to an open session")
            }
            other => other,
        },
    )?;
    Ok(success(&wire::Refreshed::from(&token)))
}

async fn create_chat(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let plan = request.json::<wire::NewChat>().await?.try_into()?;
    let made = chat.create_membership(&session, plan).await?;
    Ok(success(&wire::Chat::new(&made, &session)))
}

async fn chats(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let page = page(|name| request.query(name))?;
    let mine = chat.my_memberships(&session, page).await?;
    Ok(success(&mine.iter().map(|room| wire::Chat::new(room, &session)).collect::<Vec<_>>()))
}

async fn change_chat(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let room = room(&request)?;
    let replacement = request.json::<wire::ChangeChat>().await?.into();
    let changed = chat.change_membership(&session, room, replacement).await?;
    Ok(success(&wire::Chat::new(&changed, &session)))
}

async fn delete_chat(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let room = room(&request)?;
    chat.delete_membership(&session, room).await?;
    Ok(success(&()))
}

fn success(data: &impl Serialize) -> Response {
    json(StatusCode::OK, &wire::Success::new(data))
}

/// Returns the room of the path. Here a room is only identified by its number; a number out of
/// range is an unknown room.
fn room(request: &Request) -> Result<RoomId> {
    if number(request.param("id")).is_none_or(|id| id == 0) {
        return Err(Error::invalid("id", "must be a natural number"));
    }
    Ok(request.room("id"))
}

fn page(query: impl Fn(&str) -> Option<String>) -> Result<RoomPage> {
    let size = query("page[size]").map_or(Some(50), |text| number(&text));
    let size =
        size.and_then(|size| u32::try_from(size).ok()).filter(|size| (1..=100).contains(size));
    let index = query("page[index]").map_or(Some(0), |text| number(&text));
    let descending = match query("page[order]").as_deref() {
        None | Some("desc") => Some(true),
        Some("asc") => Some(false),
        Some(_) => None,
    };
    Ok(RoomPage {
        size: size.ok_or_else(|| Error::invalid("page[size]", "must be 1 to 100"))?,
        index: index.ok_or_else(|| Error::invalid("page[index]", "must be 0 or more"))?,
        descending: descending
            .ok_or_else(|| Error::invalid("page[order]", "must be asc or desc"))?,
    })
}

/// Parses digits only; a number out of range becomes the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::api::auth::query_value;

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

    #[test]
    fn pages_are_read_percent_encoded_and_plain() {
        let read = |text: &str| {
            page(|name| query_value(text, name))
                .map(|page| (page.size, page.index, page.descending))
        };
        assert_eq!(read(""), Ok((50, 0, true)));
        assert_eq!(read("page[size]=1&page[index]=2&page[order]=asc"), Ok((1, 2, false)));
        assert_eq!(
            read("page%5Bsize%5D=100&page%5bindex%5d=007&page%5Border%5D=desc"),
            Ok((100, 7, true))
        );
        assert_eq!(read("page[index]=99999999999999999999999"), Ok((50, u64::MAX, true)));
        assert_eq!(read("size=7&page=3"), Ok((50, 0, true)));
    }

    #[test]
    fn a_page_that_is_none_names_what_is_wrong() {
        let blamed = |text: &str| match page(|name| query_value(text, name)) {
            Err(Error::Invalid { field, .. }) => field.into_owned(),
            other => panic!("{text}: {other:?}"),
        };
        for value in ["0", "101", "-1", "%2B5", "1.5", "x", "", "99999999999999999999999", "%FF"] {
            assert_eq!(blamed(&format!("page[size]={value}")), "page[size]", "{value}");
        }
        for value in ["-1", "x", "", "1e3", "%EF%BC%91"] {
            assert_eq!(blamed(&format!("page[index]={value}")), "page[index]", "{value}");
        }
        for value in ["", "ASC", "down", "1"] {
            assert_eq!(blamed(&format!("page%5Border%5D={value}")), "page[order]", "{value}");
        }
    }
}
