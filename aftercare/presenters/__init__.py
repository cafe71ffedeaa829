"""Words of aftercare: the patient's page in two languages, the staff's pages in English."""
