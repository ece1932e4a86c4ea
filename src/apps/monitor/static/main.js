/** The monitor. */
