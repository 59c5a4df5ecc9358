// The link came from another site and the cookie stayed home; from here it comes along, and so does the case.
location.replace("/staff?again" + location.hash);
