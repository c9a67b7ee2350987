"""The account of what is known of real treadmills: what came of every entry, and the page that tells owners."""
