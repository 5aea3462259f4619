-- History by month is for PostgreSQL; in a file rows are removed one by one.
SELECT 1;
