use crate::{ClientId, MessageRecipient};

/// Who is in a room, in the order of their joining, with what the host keeps of each.
#[derive(Debug)]
pub(super) struct Roster<P> {
    /// Ascending by id: ids only ever grow.
    members: Vec<(ClientId, P)>,
    /// The last id given away, 0 before the first.
    last_id: u32,
}

impl<P> Roster<P> {
    pub(super) fn new() -> Self {
        Self { members: Vec::new(), last_id: 0 }
    }

    /// Gives away the next id, or `None` when all 2³¹ - 1 are spent.
    pub(super) fn next_id(&mut self) -> Option<ClientId> {
        if self.last_id >= u32::from(ClientId::MAX) {
            return None;
        }
        self.last_id += 1;
        Some(ClientId::from(self.last_id))
    }

    /// Adds a client, or gives it back where its id was never given away or is not the newest.
    pub(super) fn insert(&mut self, client: ClientId, member: P) -> Result<(), P> {
        let newest = self.members.last().is_none_or(|(last, _)| *last < client);
        if !newest || client > ClientId::from(self.last_id) || client < ClientId::from(1) {
            return Err(member);
        }
        self.members.push((client, member));
        Ok(())
    }

    pub(super) fn remove(&mut self, client: ClientId) -> Option<P> {
        self.position(client).map(|at| self.members.remove(at).1)
    }

    pub(super) fn contains(&self, client: ClientId) -> bool {
        self.position(client).is_some()
    }

    pub(super) fn first(&self) -> Option<ClientId> {
        self.members.first().map(|(client, _)| *client)
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = ClientId> {
        self.members.iter().map(|(client, _)| *client)
    }

    pub(super) fn take_all(&mut self) -> Vec<(ClientId, P)> {
        std::mem::take(&mut self.members)
    }

    /// Takes out those who have joined after `client`, whether or not that one is in; after `None` all
    /// have. They can be inserted again, in the same order.
    pub(super) fn take_after(&mut self, client: Option<ClientId>) -> Vec<(ClientId, P)> {
        let at = self.members.partition_point(|(id, _)| Some(*id) <= client);
        self.members.split_off(at)
    }

    /// Those of the room whom `recipient` means.
    pub(super) fn recipients(
        &self,
        recipient: MessageRecipient,
    ) -> impl Iterator<Item = (ClientId, &P)> {
        let (among, except) = match recipient {
            MessageRecipient::Broadcast => (&self.members[..], None),
            MessageRecipient::EveryoneExcept(client) => (&self.members[..], Some(client)),
            MessageRecipient::Client(client) => match self.position(client) {
                Some(at) => (&self.members[at..=at], None),
                None => (&[][..], None),
            },
        };
        among
            .iter()
            .filter(move |(client, _)| Some(*client) != except)
            .map(|(client, member)| (*client, member))
    }

    fn position(&self, client: ClientId) -> Option<usize> {
        self.members.binary_search_by_key(&client, |(id, _)| *id).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MessageRecipient::*;

    fn roster_of(n: u32) -> Roster<()> {
        let mut roster = Roster::new();
        for _ in 0..n {
            let id = roster.next_id().unwrap();
            roster.insert(id, ()).unwrap();
        }
        roster
    }

    fn reached(roster: &Roster<()>, recipient: MessageRecipient) -> Vec<u32> {
        roster.recipients(recipient).map(|(id, ())| id.into()).collect()
    }

    #[test]
    fn ids_start_at_one_and_are_never_given_twice() {
        let mut roster = roster_of(2);
        roster.remove(ClientId::from(2));
        assert_eq!(roster.next_id(), Some(ClientId::from(3)));
    }

    #[test]
    fn ids_end_at_the_highest_that_the_wire_can_carry() {
        let mut roster: Roster<()> = Roster { members: Vec::new(), last_id: i32::MAX as u32 - 1 };
        assert_eq!(roster.next_id(), Some(ClientId::MAX));
        assert_eq!(roster.next_id(), None);
        assert_eq!(roster.next_id(), None);
    }

    #[test]
    fn an_id_that_was_not_given_away_cannot_join() {
        let mut roster = roster_of(1);
        for id in [0, 1, 2, u32::MAX] {
            assert!(roster.insert(ClientId::from(id), ()).is_err(), "{id}");
        }
    }

    #[test]
    fn recipients_are_those_who_are_in() {
        let mut roster = roster_of(3);
        roster.remove(ClientId::from(2));
        assert_eq!(reached(&roster, Broadcast), [1, 3]);
        assert_eq!(reached(&roster, Client(ClientId::from(3))), [3]);
        assert_eq!(reached(&roster, Client(ClientId::from(2))), []);
        assert_eq!(reached(&roster, EveryoneExcept(ClientId::from(1))), [3]);
        assert_eq!(reached(&roster, EveryoneExcept(ClientId::from(2))), [1, 3]);
    }
}
