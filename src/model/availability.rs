//! Whether people can be reached now.

/// Maximum number of users whose availability a socket can watch.
pub const MAX_WATCHED: usize = 500;

/// Whether a user can be reached: that of the most available of their devices. Never stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Availability {
    /// No device is connected.
    #[default]
    Offline,
    /// All connected devices are idle.
    Away,
    /// At least one connected device is in use, or does not tell whether it is.
    Online,
}
