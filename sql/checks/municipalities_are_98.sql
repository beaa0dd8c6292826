-- municipalities_are_98: Denmark has 98 municipalities since 2007.
-- mart: dim_municipalities
select count(*) as municipalities
from dim_municipalities
having count(*) <> 98
