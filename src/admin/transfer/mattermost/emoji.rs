//! Imports custom emoji. The export does not contain who has added them: their pictures become files
//! of an administrator.

use super::has_role;
use super::input::Input;
use super::survey::Survey;
use crate::admin::Failure;
use crate::admin::transfer::importer::Taker;
use crate::model::Timestamp;
use crate::store::transfer::Reason;

/// Imports all custom emoji.
pub(super) fn read(
    survey: &Survey,
    input: &mut Input,
    taker: &mut Taker<'_>,
) -> Result<(), Failure> {
    let users = &survey.users;
    let chief = users.iter().find(|user| has_role(&user.roles, "system_admin"));
    let owner = chief.or(users.first()).map(|user| user.username.as_str());
    for emoji in &survey.emoji {
        let place = input.find(&emoji.image);
        let (Some(place), Some(owner), Some(archive)) = (place, owner, &mut input.archive) else {
            let picture = format!("picture of the emoji :{}:", emoji.name);
            taker.report.note(Reason::BytesMissing, picture);
            continue;
        };
        let bytes = archive.read(place, taker.target.max_bytes).ok();
        taker.custom_emoji(&emoji.name, owner, Timestamp::now(), bytes)?;
    }
    taker.flush()
}
