use preau_kernel::access::Facts;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{AuthorityId, DeviceId, PersonId, SchoolId};

use super::{Line, Refusal};

/// A school, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct School {
    pub(crate) id: SchoolId,
    pub(crate) authority: AuthorityId,
}

impl School {
    pub(crate) fn facts(self) -> Facts {
        Facts {
            school: Some(self.id),
            authority: Some(self.authority),
            ..Facts::default()
        }
    }
}

/// What a device says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    pub(crate) name: Line,
    pub(crate) model: Line,
    pub(crate) os: Line,
    pub(crate) agent_version: Line,
}

/// A device of a school, or one that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Device {
    pub(crate) id: DeviceId,
    pub(crate) school: School,
    pub(crate) says: Description,
    pub(crate) enrolled: Timestamp,
    pub(crate) retired: Option<Timestamp>,
    /// The last lock or unlock that it says is done was a lock.
    pub(crate) is_locked: bool,
    /// The end of its latest certificate.
    pub(crate) certificate_expires: Timestamp,
    pub(crate) last_seen: Option<Timestamp>,
    /// A process that is alive serves its Watch.
    pub(crate) is_watching: bool,
}

impl Device {
    /// As an administrator may reach it, and as itself.
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            owner: Some(as_caller(self.id)),
            ..self.school.facts()
        }
    }

    /// # Errors
    /// [`Refusal::DeviceRetired`].
    pub(crate) fn in_service(&self) -> Result<(), Refusal> {
        match self.retired {
            None => Ok(()),
            Some(_) => Err(Refusal::DeviceRetired),
        }
    }
}

/// The device as a principal names it.
pub(crate) fn as_caller(device: DeviceId) -> PersonId {
    let text = device.to_string();
    text.parse()
        .expect("every id is a UUID, and a person id is any UUID")
}

/// The device that a principal names, if it is one.
pub(crate) fn of_caller(person: PersonId) -> DeviceId {
    let text = person.to_string();
    text.parse()
        .expect("every id is a UUID, and a device id is any UUID")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_and_its_principal_have_one_id() {
        let device = DeviceId::new();
        assert_eq!(as_caller(device).to_string(), device.to_string());
        assert_eq!(of_caller(as_caller(device)), device);
    }
}
