-- purpose: a company's access to Fortnox by either of two kinds, and what becomes of it
-- why:     a refresh token is taken once. So it is written down that one was sent (asked_at) before
--          it is sent: a row that still says so has lost Fortnox's answer, and the next refusal
--          means that only a person can bring the access back (lost_at)
alter table control.credential
add column credential_kind text not null default 'client_credentials'
check (credential_kind in ('client_credentials', 'refresh_token')),
add column refresh_token bytea,
add column refresh_expires_at timestamptz,
add column scopes text not null default '',
add column renewed_at timestamptz,
add column asked_at timestamptz,
add column lost_at timestamptz,
add column lost_reason text,
add check ((credential_kind = 'refresh_token') = (refresh_token is not null)),
add check ((refresh_token is null) = (refresh_expires_at is null)),
add check ((lost_at is null) = (lost_reason is null));
