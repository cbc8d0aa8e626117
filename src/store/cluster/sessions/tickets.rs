//! One-time tickets: a conditional write lets exactly one caller take each, on any server.

use std::time::Duration;

use crate::model::{Hash32, RoomId, Session, SessionId, Timestamp, UserId};
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::people::TICKETS;
use crate::store::cluster::tables::{Compare, Condition, Consistency, Outcome, Put, Slice, Value};
use crate::store::{StoreError, Ticket};

/// Expired rows disappear after this time at the earliest; [`take_ticket`] checks it itself.
const KEPT_AFTER: Duration = Duration::from_mins(1);

/// Stores a ticket.
pub(in crate::store::cluster) async fn issue_ticket(
    at: &Cluster,
    ticket: Ticket,
    secret: Hash32,
    life: Duration,
) -> Result<(), StoreError> {
    let cells = [
        ("user", ticket.user.0.into()),
        ("session", ticket.session.0.into()),
        ("room", ticket.room.0.into()),
        ("until", Timestamp::now().plus(life).0.into()),
    ];
    let put = Put::conditional(&TICKETS, [key(secret)], [], cells).living(life + KEPT_AFTER);
    let new = Compare { conditions: vec![Condition::Absent(Vec::new())], puts: vec![put] };
    // Nobody knows the secret yet: a ticket of unknown outcome is a ticket that nobody has.
    match at.tables().compare(new).await {
        Ok(Outcome::Applied) => Ok(()),
        Ok(Outcome::Refused) | Err(_) => Err(StoreError::Unavailable),
    }
}

/// Returns session and room of a ticket, to exactly one caller. A caller who is not told whether
/// they took it does not get it, nor does anybody else.
pub(in crate::store::cluster) async fn take_ticket(
    at: &Cluster,
    secret: Hash32,
) -> Result<Option<(Session, RoomId)>, StoreError> {
    let slice = Slice::of(&TICKETS, [key(secret)]).at(Consistency::Serial);
    let rows = at.tables().read(slice).await?;
    let ticket = rows.first().and_then(|row| {
        let ticket = Ticket {
            user: UserId(row.int("user")?),
            session: SessionId(row.int("session")?),
            room: RoomId(row.int("room")?),
        };
        Some((ticket, row.int("until")?))
    });
    let Some((ticket, until)) = ticket else { return Ok(None) };
    let untaken = Condition::Is(Vec::new(), "until", Some(Value::Int(until)));
    let gone = Put::conditional(&TICKETS, [key(secret)], [], []).deleted();
    let taken =
        at.tables().compare(Compare { conditions: vec![untaken], puts: vec![gone] }).await?;
    if taken == Outcome::Refused || until <= Timestamp::now().0 {
        return Ok(None);
    }
    let session = super::by_id(at, ticket.user, ticket.session).await?;
    Ok(session.map(|session| (session, ticket.room)))
}

fn key(secret: Hash32) -> Value {
    Value::Bytes(secret.0.to_vec())
}
