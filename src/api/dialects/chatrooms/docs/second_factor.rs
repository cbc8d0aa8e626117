//! The caller's own second factor.

use super::bad;
use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape};
use crate::model::{Claim, Error};

pub(super) fn state() -> Described {
    Described::new("Get the state of my second factor").answers(
        200,
        "Whether log-ins need a code of an app",
        Shape::of::<wire::FactorState>(),
    )
}

pub(super) fn set_up() -> Described {
    Described::new("Set up a second factor")
        .text(
            "It is in force once `…/confirm` was called with a code of the app. Refused with 403 \
             for a wrong password, to API tokens, and if `[auth] second_factor` is `off`.",
        )
        .body::<wire::SetUpFactor>()
        .answers(200, "The secret, this once", Shape::of::<wire::FactorSetUp<'_>>())
        .fails([Error::Forbidden, Error::Taken(Claim::SecondFactor)])
}

pub(super) fn confirm() -> Described {
    Described::new("Turn my second factor on")
        .text("Ends all my other sessions. Log-ins need a code from now on.")
        .body::<wire::ConfirmFactor>()
        .answers(200, "Recovery codes, this once", Shape::of::<wire::RecoveryCodes>())
        .fails([Error::Forbidden, Error::Taken(Claim::SecondFactor), bad("code")])
}

pub(super) fn renew() -> Described {
    Described::new("Replace my recovery codes")
        .text("The earlier ones stop working.")
        .body::<wire::UseFactor>()
        .answers(200, "Recovery codes, this once", Shape::of::<wire::RecoveryCodes>())
        .fails([Error::Forbidden, bad("code")])
}

pub(super) fn turn_off() -> Described {
    Described::new("Turn my second factor off")
        .body::<wire::TurnOffFactor>()
        .text("Refused with 403 if `[auth] second_factor` requires it.")
        .empty(204, "Log-ins need the password only")
        .fails([Error::Forbidden, bad("code")])
}

pub(super) fn set_up_at_log_in() -> Described {
    Described::new("Set up the second factor that a log-in needs")
        .text(
            "After `POST /api/login` was answered with `second_factor_setup_required`: the log-in of \
             a person who must have a second factor (`[auth] second_factor`) and has none.",
        )
        .open()
        .body::<wire::SetUpAtLogIn>()
        .answers(200, "The secret, this once", Shape::of::<wire::FactorSetUp<'_>>())
        .fails([
            Error::BadCredentials { known: true },
            bad("userId"),
            Error::ForeignOrigin,
            Error::Taken(Claim::SecondFactor),
        ])
}

pub(super) fn confirm_at_log_in() -> Described {
    Described::new("Confirm that second factor, and log in")
        .text("Ends all other sessions of the user.")
        .open()
        .body::<wire::ConfirmAtLogIn>()
        .answers(
            200,
            "A token, and recovery codes, this once",
            Shape::of::<wire::ConfirmedAtLogIn<'_>>(),
        )
        .fails([
            Error::BadCredentials { known: true },
            Error::ForeignOrigin,
            Error::Taken(Claim::SecondFactor),
            bad("code"),
        ])
}
