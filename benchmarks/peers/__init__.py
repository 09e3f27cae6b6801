"""Programs of others that read Fortnox too: what Saldo is compared with, in environments of their own."""
