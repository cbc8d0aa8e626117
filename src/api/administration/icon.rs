//! `GET /api/server/icon`: the icon that administrators have set, in the sizes that pages ask for.

use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use warp::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
};
use warp::http::{HeaderValue, Response as HttpResponse, StatusCode};
use warp::reply::Response;

use crate::api::openapi::{Described, Shape, types};
use crate::api::request::Request;
use crate::chat::Chat;
use crate::model::{Error, ICON_SIDES, IconPurpose, Result};

/// Pixels, unless others are asked for.
const USUAL_SIDE: u32 = 192;

/// Answers with the icon.
pub(super) async fn icon(chat: &Chat, request: &Request) -> Result<Response> {
    let (side, purpose) = (side(request)?, purpose(request)?);
    let (tag, picture) = chat.icon(side, purpose).await?.ok_or(Error::NotFound)?;
    let name = format!("\"{tag}-{side}-{}\"", purpose.as_str());
    let known = request.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let is_known = known.is_some_and(|tags| {
        tags.split(',').any(|known| known.trim().trim_start_matches("W/") == name)
    });
    // Under an address with its tag there is never another picture.
    let caching = if request.query("v").as_deref() == Some(&tag) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = HttpResponse::new(Vec::new().into());
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(ETAG, HeaderValue::from_str(&name).map_err(|_| Error::Internal)?);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/png"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(picture.len()));
    *response.body_mut() = picture.into();
    Ok(response)
}

/// Describes the route.
pub(super) fn describe() -> Described {
    let sides = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .enum_values(Some(ICON_SIDES))
        .default(Some(USUAL_SIDE.into()))
        .build();
    let purposes = IconPurpose::ALL.map(IconPurpose::as_str);
    Described::new("Get the icon of the server")
        .text(
            "A square PNG. `icon` of `GET /api/server` as `v` makes it cacheable for a year. 404 if \
             administrators have set no icon.",
        )
        .open()
        .query("size", sides, "Width and height in pixels")
        .query(
            "purpose",
            types::word(&purposes, IconPurpose::Any.as_str()),
            "`any` keeps transparent parts; `touch` is opaque; `maskable` is opaque, with a margin \
             that phones may cut off",
        )
        .query("v", types::text(), "The tag of the icon")
        .answers_as(200, "The icon", "image/png", Some(Shape::plain(Object::new())))
        .header("ETag", "Differs for each icon and size")
        .empty(304, "`If-None-Match` names the icon as it is")
        .fails([Error::NotFound, Error::invalid("size", "breaks a rule")])
}

fn side(request: &Request) -> Result<u32> {
    let Some(text) = request.query("size") else { return Ok(USUAL_SIDE) };
    let side = text.parse().ok().filter(|side| ICON_SIDES.contains(side));
    side.ok_or_else(|| Error::invalid("size", "must be 32, 48, 64, 96, 180, 192 or 512"))
}

fn purpose(request: &Request) -> Result<IconPurpose> {
    let Some(word) = request.query("purpose") else { return Ok(IconPurpose::Any) };
    let why = "must be any, touch or maskable";
    IconPurpose::parse(&word).ok_or_else(|| Error::invalid("purpose", why))
}
