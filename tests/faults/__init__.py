"""What happens when the machine fails in the middle of something: kill -9, full disks, locks, wrong clocks."""
