//! Numbers of accounts and rooms: counted by one server from time to time, shown by all.

use std::time::Duration;

use super::tables::schema::people::CENSUS;
use super::tables::{Put, Row, Slice};
use super::{Cluster, leases, rooms, settings, users};
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::cluster::tables::Tables;
use crate::store::sqlite::upkeep::Census;

/// The only row.
const ROW: &str = "all";
/// Age from which the numbers are counted again. Counting reads a row of each user and room.
const FRESH: Duration = Duration::from_mins(5);
/// How long counting is one server's.
const LEASE: Duration = Duration::from_mins(10);

impl Cluster {
    /// Returns the numbers of accounts and rooms, counted some minutes ago at most. Counts them if
    /// they are older and no other server does. None: they were never counted.
    pub async fn census(&self) -> Result<Option<Census>, StoreError> {
        let known = stored(self.tables()).await?;
        let old = known.is_none_or(|(_, at)| at.plus(FRESH) <= Timestamp::now());
        let owner = hex::encode(settings::random::<8>()?);
        if !old || !leases::take(self.tables(), "census", &owner, LEASE).await? {
            return Ok(known.map(|(census, _)| census));
        }
        let counted = count(self).await;
        leases::give_back(self.tables(), "census", &owner).await?;
        counted.map(Some)
    }
}

/// Returns the numbers that were counted last, with the time; None: they never were.
async fn stored(tables: &dyn Tables) -> Result<Option<(Census, Timestamp)>, StoreError> {
    let rows = tables.read(Slice::of(&CENSUS, [ROW.into()])).await?;
    Ok(rows.first().and_then(|row| Some((census(row)?, Timestamp(row.int("at")?)))))
}

/// Returns the numbers that were counted last.
pub(super) async fn latest(tables: &dyn Tables) -> Result<Option<Census>, StoreError> {
    Ok(stored(tables).await?.map(|(census, _)| census))
}

fn census(row: &Row) -> Option<Census> {
    let number = |name| u64::try_from(row.int(name)?).ok();
    Some(Census {
        users: number("users")?,
        public_rooms: number("public_rooms")?,
        private_rooms: number("private_rooms")?,
    })
}

async fn count(at: &Cluster) -> Result<Census, StoreError> {
    let users = users::count(at).await?;
    let (all, public) = rooms::count(at).await?;
    let counted = Census { users, public_rooms: public, private_rooms: all.saturating_sub(public) };
    let now = Timestamp::now();
    let cell = |number: u64| i64::try_from(number).unwrap_or(i64::MAX).into();
    let cells = [
        ("users", cell(counted.users)),
        ("public_rooms", cell(counted.public_rooms)),
        ("private_rooms", cell(counted.private_rooms)),
        ("at", now.0.into()),
    ];
    let put = Put::plain(&CENSUS, now.0.saturating_mul(1000), [ROW.into()], [], cells);
    at.tables().write(vec![put]).await?;
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Role, Visibility};
    use crate::store::cluster::faulty::open;
    use crate::store::cluster::tables::memory::Memory;
    use crate::store::{Basis, NewRoom, NewUser, RoomChange, Store as _};

    fn user(login: &str) -> NewUser {
        NewUser {
            login: login.to_owned(),
            folded: login.to_owned(),
            look_alike: login.to_owned(),
            name: login.to_owned(),
            email: None,
            birth: None,
            password: String::new(),
            md5: None,
            sha1: None,
            admin: false,
            bot: false,
            guest: false,
            identity: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_server_counts_and_all_know() {
        let memory = Memory::new();
        let ((one, _), (two, _)) = (open(&memory).await, open(&memory).await);
        let ann = one.add_user(user("ann")).await.unwrap();
        let ben = one.add_user(user("ben")).await.unwrap();
        two.remove_user(ben.id).await.unwrap();
        let room = |name: &str, visibility| NewRoom {
            name: Some(name.to_owned()),
            visibility,
            owner: ann.id,
            participants: vec![(ann.id, Role::Admin)],
            reuse: false,
        };
        let mut gone = None;
        for (name, visibility) in [
            ("tea", Visibility::Public),
            ("milk", Visibility::Private),
            ("water", Visibility::Private),
            ("gone", Visibility::Public),
        ] {
            gone = Some(one.add_room(room(name, visibility)).await.unwrap().value.room.id);
        }
        let gone = gone.unwrap();
        one.change_room(gone, Basis::Nobody, None, RoomChange::Delete).await.unwrap();
        assert_eq!(latest(&memory).await, Ok(None));
        // While another server counts, nobody knows.
        assert_eq!(leases::take(&memory, "census", "other", LEASE).await, Ok(true));
        assert_eq!(two.census().await, Ok(None));
        leases::give_back(&memory, "census", "other").await.unwrap();
        let counted = Census { users: 1, public_rooms: 1, private_rooms: 2 };
        assert_eq!(two.census().await, Ok(Some(counted)));
        one.add_user(user("cho")).await.unwrap();
        assert_eq!(one.census().await, Ok(Some(counted)), "not counted again so soon");
        assert_eq!(latest(&memory).await, Ok(Some(counted)));
    }
}
