-- Names are compared with single spaces and with one form of the Greek sigma. Display names and names of rooms are kept as they are shown.
UPDATE users SET name = single_spaces(name), name_folded = fold(name)
    WHERE deleted IS NULL AND (name <> single_spaces(name) OR name_folded <> fold(name));
UPDATE participants SET edited_name = single_spaces(edited_name) WHERE edited_name <> single_spaces(edited_name);
-- Of two public rooms whose names become the same, the later keeps its name as it was; nobody can take either.
UPDATE OR IGNORE rooms SET name = single_spaces(name), folded = CASE WHEN folded IS NULL THEN NULL ELSE fold(name) END
    WHERE deleted IS NULL AND name IS NOT NULL AND (name <> single_spaces(name) OR folded <> fold(name));
UPDATE OR IGNORE users SET folded = fold(login), look_alike = CASE WHEN look_alike = folded THEN fold(login) ELSE skeleton(fold(login)) END
    WHERE folded <> fold(login);
UPDATE OR IGNORE users SET folded = fold(login), look_alike = fold(login) WHERE folded <> fold(login);
-- Of two accounts that become the same, one gets a number, as imports give it: otherwise its owner could not log in any more.
UPDATE OR IGNORE users SET login = login || '-2', folded = fold(login || '-2'), look_alike = fold(login || '-2') WHERE folded <> fold(login);
UPDATE OR IGNORE users SET login = login || '-3', folded = fold(login || '-3'), look_alike = fold(login || '-3') WHERE folded <> fold(login);
UPDATE OR IGNORE users SET login = login || '-4', folded = fold(login || '-4'), look_alike = fold(login || '-4') WHERE folded <> fold(login);
